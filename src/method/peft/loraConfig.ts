import * as z from "zod";
import { phrase } from "../../base/phrase.ts";
import type { PeftReading } from "../peftForm.ts";
import { ConfigPatterns } from "./configPatterns.ts";
import { isNone, MERGE, refuseHarmful } from "./harmlessKeys.ts";
import { LORA_KEYS } from "./loraKeys.ts";
import { refuseKey } from "./refuseKey.ts";
import { namesFor, targetedModules, targetKeys, type ConfigPlace } from "./targetedModules.ts";

const MOST_PATTERNS = 10_000;
const MOST_RANK = 1_000_000;
const rank = z.number().int().min(1).max(MOST_RANK);
const alpha = z.number().positive();
const byPattern = <Value extends z.ZodType>(value: Value) =>
  z
    .record(z.string().max(4000), value)
    .refine((patterns) => Object.keys(patterns).length <= MOST_PATTERNS, "too many patterns")
    .nullish();

/** adapter_config.json of LoRA; keys that are not named here are kept, and checked by name. */
export const loraConfig = z.looseObject({
  peft_type: z.literal("LORA"),
  r: rank,
  lora_alpha: alpha,
  use_rslora: z.boolean().nullish(),
  use_dora: z.boolean().nullish(),
  rank_pattern: byPattern(rank),
  alpha_pattern: byPattern(alpha),
  ...targetKeys,
});
export type LoraConfig = z.output<typeof loraConfig>;

/** What a LoRA adapter is, layer by layer. */
export interface LoraLayers {
  rank: number;
  /** The update is alpha / rank times B A, rank-stabilised or not. */
  alpha: number;
  targets: readonly string[];
  /** The layers whose rank or alpha is another one. */
  ranks: ReadonlyMap<string, number>;
  alphas: ReadonlyMap<string, number>;
  dora: boolean;
}

/** The value of the first pattern that matches a module, as get_pattern_key of PEFT finds it; otherwise the default. */
function patternValues(
  key: "rank_pattern" | "alpha_pattern",
  config: LoraConfig,
  { byDefault, patterns }: { byDefault: number; patterns: ConfigPatterns },
): (module: string) => number {
  const tests = Object.entries(config[key] ?? {}).map(([pattern, value]) => ({
    matches: patterns.end(key, pattern),
    value,
  }));
  return (module) => tests.find(({ matches }) => matches(module))?.value ?? byDefault;
}

/** Refuses biases that were trained beside the adapter, where the backbone has any of them. */
function refuseBiases({ bias }: LoraConfig, modules: readonly string[], { path, layout }: ConfigPlace): void {
  if (isNone(bias)) return;
  const biases = layout.weights.filter(({ role }) => role === "bias").map(({ name }) => name);
  const own = modules.map((module) => `${module}.bias`);
  const trained = bias === "lora_only" ? biases.filter((name) => own.includes(name)) : biases;
  if (trained.length > 0)
    refuseKey(
      path,
      ["bias", bias],
      phrase`the backbone's biases were trained beside the adapter, such as ${trained[0]!}`,
      MERGE,
    );
}

function refuseTying(config: LoraConfig, modules: readonly string[], { path, layout }: ConfigPlace): void {
  const { ensure_weight_tying: tying } = config;
  if (isNone(tying) || !modules.includes(layout.head.module)) return;
  refuseKey(path, ["ensure_weight_tying", tying], phrase`it changes the table of tokens with the output layer`, MERGE);
}

/**
 * The layers that a config of LoRA changes on a backbone, each with its rank and alpha.
 * @throws UserError naming a key that cannot be applied, its value, and what to do
 */
export function loraLayers(config: LoraConfig, { path, layout }: PeftReading): LoraLayers {
  refuseHarmful(config, LORA_KEYS, path);
  const patterns = new ConfigPatterns(path);
  const place = { path, layout, patterns };
  const modules = targetedModules(config, layout.defaultTargets.lora, place);
  refuseBiases(config, modules, place);
  refuseTying(config, modules, place);
  const { r, lora_alpha: stated, use_rslora: isStabilised } = config;
  const ranks = patternValues("rank_pattern", config, { byDefault: r, patterns });
  const alphas = patternValues("alpha_pattern", config, { byDefault: stated, patterns });
  // rsLoRA divides by sqrt(r) instead of r.
  const scaled = (own: number, of: number): number => (isStabilised === true ? own * Math.sqrt(of) : own);
  const alpha = scaled(stated, r);
  const own = modules.map((module) => [module, ranks(module), scaled(alphas(module), ranks(module))] as const);
  return {
    rank: r,
    alpha,
    targets: namesFor(modules, config.target_modules, layout),
    ranks: new Map(own.flatMap(([module, rank]) => (rank === r ? [] : [[module, rank] as const]))),
    alphas: new Map(own.flatMap(([module, , each]) => (each === alpha ? [] : [[module, each] as const]))),
    dora: config.use_dora === true,
  };
}
