import * as z from "zod";
import { UserError } from "../base/errors.ts";
import { MethodInput, type MethodKind, type MethodSpec } from "../method/methodSpec.ts";
import type { MethodSizes } from "../method/method.ts";

/** Our own types in PEFT's file: methods that PEFT does not have, or has in another form. */
const OWN = {
  adept: "ADEPT",
  dept: "DEPT",
  mpt: "MPT",
  adapter: "HOULSBY_ADAPTER",
  bitfit: "BITFIT_ADDED",
  full: "FULL",
} as const satisfies Partial<Record<MethodKind, string>>;

const size = z.number().int().nonnegative().max(10_000_000);
const empty = z
  .record(z.string(), z.unknown())
  .refine((value) => Object.keys(value).length === 0, "patterns per layer cannot be read")
  .nullish();
const no = z.literal(false, "this option of PEFT cannot be read").nullish();
const names = z.array(z.string().min(1).max(200), "a list of layer names is needed").max(1000);

export const AdapterConfig = z.discriminatedUnion("peft_type", [
  z.object({ peft_type: z.literal("PROMPT_TUNING"), num_virtual_tokens: size, token_dim: size.nullish() }),
  z.object({
    peft_type: z.literal("LORA"),
    r: size.min(1),
    lora_alpha: z.number().positive(),
    target_modules: names,
    bias: z.literal("none").nullish(),
    use_rslora: z.boolean().nullish(),
    use_dora: no,
    fan_in_fan_out: no,
    lora_bias: no,
    rank_pattern: empty,
    alpha_pattern: empty,
    layers_to_transform: z.null().optional(),
    modules_to_save: z.null().optional(),
  }),
  z.object({
    peft_type: z.literal("IA3"),
    target_modules: names,
    feedforward_modules: names.nullish(),
    fan_in_fan_out: no,
    modules_to_save: z.null().optional(),
  }),
  z.object({
    peft_type: z.enum(Object.values(OWN)),
    num_virtual_tokens: size.default(0),
    bottleneck: size.default(0),
    method: MethodInput.optional(),
  }),
]);
export type AdapterConfig = z.output<typeof AdapterConfig>;

/** What adapter_config.json says of an adapter. */
export function toConfig(
  { source: _, ...spec }: MethodSpec,
  sizes: MethodSizes,
  { backbone, width }: { backbone: string; width: number },
): Record<string, unknown> {
  const shared = { base_model_name_or_path: backbone, task_type: "SEQ_2_SEQ_LM", inference_mode: true };
  switch (spec.kind) {
    case "pt":
      return {
        peft_type: "PROMPT_TUNING",
        prompt_tuning_init: "RANDOM",
        ...shared,
        num_virtual_tokens: sizes.promptLength,
        token_dim: width,
        num_transformer_submodules: 1,
      };
    case "lora":
      return {
        peft_type: "LORA",
        ...shared,
        r: sizes.bottleneck,
        lora_alpha: spec.alpha,
        target_modules: spec.targets,
        lora_dropout: 0,
        bias: "none",
        fan_in_fan_out: false,
        init_lora_weights: true,
      };
    case "ia3":
      return {
        peft_type: "IA3",
        ...shared,
        target_modules: [...spec.targets, ...spec.feedForward],
        feedforward_modules: spec.feedForward,
        fan_in_fan_out: false,
        init_ia3_weights: true,
      };
    default:
      return {
        peft_type: OWN[spec.kind],
        ...shared,
        num_virtual_tokens: sizes.promptLength,
        bottleneck: sizes.bottleneck,
        token_dim: width,
        num_transformer_submodules: 1,
        method: spec,
      };
  }
}

/** @throws UserError when the file contradicts itself */
export function fromConfig(
  config: AdapterConfig,
  path: string,
): { spec: MethodSpec; sizes: Omit<MethodSizes, "count"> } {
  switch (config.peft_type) {
    case "PROMPT_TUNING":
      return {
        spec: { kind: "pt", promptInit: "random", initText: "" },
        sizes: { promptLength: config.num_virtual_tokens, bottleneck: 0 },
      };
    case "LORA": {
      // rsLoRA divides by sqrt(r) instead of r.
      const alpha = config.use_rslora === true ? config.lora_alpha * Math.sqrt(config.r) : config.lora_alpha;
      return {
        spec: { kind: "lora", rank: config.r, alpha, targets: config.target_modules },
        sizes: { promptLength: 0, bottleneck: config.r },
      };
    }
    case "IA3": {
      const feedForward = (config.feedforward_modules ?? []).filter((name) => config.target_modules.includes(name));
      return {
        spec: {
          kind: "ia3",
          targets: config.target_modules.filter((name) => !feedForward.includes(name)),
          feedForward,
        },
        sizes: { promptLength: 0, bottleneck: 0 },
      };
    }
    default: {
      const kind = (Object.keys(OWN) as (keyof typeof OWN)[]).find((each) => OWN[each] === config.peft_type);
      const spec = config.method ?? MethodInput.parse({ kind });
      if (spec.kind !== kind)
        throw new UserError(`${path}: method.kind is "${spec.kind}", but peft_type is ${config.peft_type}`);
      return { spec, sizes: { promptLength: config.num_virtual_tokens, bottleneck: config.bottleneck } };
    }
  }
}
