import * as z from "zod";
import type { BackboneLayout } from "../backbone/layout.ts";
import type { Tensors } from "../backbone/files/safetensors.ts";
import { UserError } from "../base/errors.ts";
import type { AnySizes } from "../method/trained.ts";
import { phrase } from "../base/phrase.ts";
import { MethodInput, type MethodSpec } from "../method/methodSpec.ts";
import type { SizeName } from "../method/sizes.ts";

const size = z.number().int().positive().max(10_000_000);
/** adapter_config.json as the published code of ADePT and DePT writes it (their `peft` folder). */
export const OfficialConfig = z.object({
  peft_type: z.enum(["PROMPT_TUNING_LORA", "PROMPT_TUNING_LORAX", "PROMPT_TUNING_LORAXL", "PROMPT_TUNING_LORAXAB"]),
  num_virtual_tokens: size,
  r: size,
  lora_alpha: z.number().positive().default(8),
  max_length: size.default(256),
});
type OfficialConfig = z.output<typeof OfficialConfig>;

const ENCODER = "prompt_encoder.lora_embedding_";
const PROMPT = "prompt_embeddings";
/**
 * Names of the official tensors and ADePT Lab's: ADePT's A, a, B, b; the same without biases; DePT's A (positions, r)
 * and B.
 */
const ADEPT = { A: "w_down", a: "b_down", B: "w_up", b: "b_up" };
const BARE = { A: "w_down", B: "w_up" };
const DEPT = { A: "a", B: "b" };

/**
 * The method that the tensors belong to: the type PROMPT_TUNING_LORA means DePT in DePT's code, and ADePT without
 * biases in ADePT's.
 */
function methodOf(
  config: OfficialConfig,
  tensors: Tensors,
  layout: BackboneLayout,
): { spec: MethodSpec; names: Record<string, string>; inner: SizeName } | undefined {
  const rows = tensors.get(`${ENCODER}A`)?.dims[0];
  const { r } = config;
  if (config.peft_type === "PROMPT_TUNING_LORAX")
    return { spec: MethodInput.parse({ kind: "adept", promptInit: "text" }), names: ADEPT, inner: "bottleneck" };
  if (rows === undefined || config.peft_type !== "PROMPT_TUNING_LORA") return undefined;
  if (rows === config.max_length && rows !== layout.width) {
    const official = config.lora_alpha === 8;
    return {
      spec: MethodInput.parse({
        kind: "dept",
        positions: rows,
        scale: official ? "official" : config.lora_alpha / Math.sqrt(r),
      }),
      names: DEPT,
      inner: "rank",
    };
  }
  return rows === layout.width && rows !== config.max_length
    ? { spec: MethodInput.parse({ kind: "adept", variant: "no-bias" }), names: BARE, inner: "bottleneck" }
    : undefined;
}

/**
 * Converts an official ADePT or DePT checkpoint.
 * @returns the method, its sizes and the tensors under ADePT Lab's names
 * @throws UserError when the checkpoint is of a variant whose matrices the official code does not save, or of another
 * backbone
 */
export function fromOfficial(
  config: OfficialConfig,
  tensors: Tensors,
  { path, layout }: { path: string; layout: BackboneLayout },
): { spec: MethodSpec; sizes: AnySizes; tensors: Tensors } {
  if (![...tensors.keys()].some((name) => name.startsWith(ENCODER)))
    throw new UserError(
      "official-prompt-alone",
      phrase`${path} holds the prompt alone: the official code does not save the matrices of ${config.peft_type}`,
      phrase`Only PROMPT_TUNING_LORA and PROMPT_TUNING_LORAX can be read from its checkpoints.`,
    );
  const found = methodOf(config, tensors, layout);
  const first = tensors.get(`${ENCODER}A`);
  if (found === undefined)
    throw new UserError(
      "official-shape-unknown",
      phrase`${path}: "${ENCODER}A" of shape (${first?.dims.join(", ") ?? "none"}) and the type ${config.peft_type} fit neither ADePT (${layout.width} rows, the width) nor DePT (${config.max_length} rows, the length)`,
      phrase`The checkpoint is of another backbone, or of a variant that cannot be told apart.`,
    );
  const names = new Map<string, string>([
    [PROMPT, "prompt"],
    ...Object.entries(found.names).map(([theirs, ours]) => [`${ENCODER}${theirs}`, ours] as const),
  ]);
  return {
    spec: found.spec,
    sizes: { promptLength: config.num_virtual_tokens, [found.inner]: config.r },
    tensors: new Map([...tensors].map(([name, tensor]) => [names.get(name) ?? name, tensor])),
  };
}
