import { UserError } from "../base/errors.ts";
import { isStandardAdept } from "../method/adept/adept.ts";
import type { OFFSET_OPTIONS } from "../method/adept/offsetOptions.ts";
import { phrase } from "../base/phrase.ts";
import type { MethodSpec } from "../method/methodSpec.ts";

/** Ablations that are trained from scratch, each within the same budget, except A11; with the names in labels. */
export const RETRAINED_TEXT = {
  A0: "ADePT",
  A1: "prompt only",
  A2: "FFN only",
  A3: "one trained constant",
  A7: "position table (DePT)",
  "A10 no bias": "no bias",
  "A10 linear": "no ReLU, no bias",
  "A10 no dropout": "no dropout",
  A11: "a free row per token, outside the budget",
  "A12 hybrid": "FFN and position table",
  "A12 deep": "deeper FFN",
  "A13 offsets not in units": "offsets not in units of the embedding",
  "A13 rates not in units": "learning rates not in units of the embedding",
  "A13 no norm": "no norm before the FFN",
  "A13 no gain": "no gain",
  "A13 no sharing": "no offset shared by rare tokens",
  "A13 offsets on all tokens": "offsets on generated tokens too",
} as const;
/** The name of a retrained ablation. */
export type RetrainedCase = keyof typeof RETRAINED_TEXT;
export const RETRAINED = Object.keys(RETRAINED_TEXT) as RetrainedCase[];

/** The option that each of these cases takes away; a case whose option is off anyway would repeat A0. */
const TAKEN_AWAY: Partial<Record<RetrainedCase, (typeof OFFSET_OPTIONS)[number]>> = {
  "A13 offsets not in units": "offsetUnit",
  "A13 rates not in units": "rateUnits",
  "A13 no norm": "inputNorm",
  "A13 no gain": "gain",
  "A13 no sharing": "shareBelow",
  "A13 offsets on all tokens": "offsetTokens",
};

/**
 * The method of each case at the same budget, except A11, which has none.
 * @param base the experiment's ADePT
 * @param budget the sweep's budget, used where the base has none
 * @param options cases: the wanted ones (true: all); positions: rows of position tables, the longest input in tokens
 * @throws UserError without a budget, since sizes are solved for from it; for a named case whose option is off
 */
export function retrainedMethods(
  base: MethodSpec | undefined,
  budget: MethodSpec["budget"],
  { cases, positions }: { cases: true | readonly RetrainedCase[]; positions: number },
): { id: RetrainedCase; method: MethodSpec }[] {
  if (!isStandardAdept(base))
    throw new UserError(
      "retrained-needs-standard-adept",
      phrase`sweep.retrained: the experiment's \`method\` must be ADePT's standard variant`,
      phrase`Give "method": { "kind": "adept" }.`,
    ).about(["sweep", "retrained"]);
  const common = base.budget ?? budget;
  if (common === undefined)
    throw new UserError(
      "retrained-needs-budget",
      phrase`sweep.retrained: there is no budget to match`,
      phrase`Give sweep.budget, for example { "promptTokens": 100 }.`,
    ).about(["sweep", "retrained"]);
  const { promptInit, initText } = base;
  const own = { ...base, promptLength: undefined, bottleneck: undefined, budget: common };
  const prompt = { source: undefined, budget: common, promptInit, initText };
  const without = (option: (typeof OFFSET_OPTIONS)[number]): MethodSpec => ({ ...own, [option]: undefined });
  const methods: Record<RetrainedCase, MethodSpec> = {
    A0: { ...base, budget: common },
    A1: { kind: "pt", ...prompt },
    A2: { ...own, promptLength: 0 },
    A3: { ...own, variant: "constant" },
    A7: { kind: "dept", ...prompt, positions, scale: "official" },
    "A10 no bias": { ...own, variant: "no-bias" },
    "A10 linear": { ...own, variant: "linear" },
    "A10 no dropout": { ...base, budget: common, dropout: 0 },
    A11: { ...own, variant: "table", budget: undefined, promptLength: base.promptLength },
    "A12 hybrid": { ...own, variant: "hybrid", positions },
    "A12 deep": { ...own, variant: "deep" },
    "A13 offsets not in units": without("offsetUnit"),
    "A13 rates not in units": without("rateUnits"),
    "A13 no norm": without("inputNorm"),
    "A13 no gain": without("gain"),
    "A13 no sharing": without("shareBelow"),
    "A13 offsets on all tokens": without("offsetTokens"),
  };
  const isOff = (id: RetrainedCase): boolean => {
    const option = TAKEN_AWAY[id];
    return option !== undefined && base[option] === undefined;
  };
  const off = cases === true ? undefined : cases.find(isOff);
  if (off !== undefined)
    throw new UserError(
      "retrained-option-off",
      phrase`sweep.retrained: "${off}" takes away an option that \`method\` does not have`,
      phrase`Give method.${TAKEN_AWAY[off] ?? ""}, or leave the case out.`,
    ).about(["sweep", "retrained"]);
  return RETRAINED.filter((id) => (cases === true ? !isOff(id) : cases.includes(id))).map((id) => ({
    id,
    method: methods[id],
  }));
}
