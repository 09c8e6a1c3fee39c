import * as z from "zod";
import type { BackboneLayout } from "../../backbone/layout.ts";
import type { PeftReading } from "../peftForm.ts";
import { isTarget } from "../target.ts";
import { ConfigPatterns } from "./configPatterns.ts";
import { modulesToSave, refuseHarmful, type KnownKeys } from "./harmlessKeys.ts";
import { moduleNames, targetedModules, targetKeys, type ConfigPlace } from "./targetedModules.ts";

/** adapter_config.json of IA3; keys that are not named here are kept, and checked by name. */
export const ia3Config = z.looseObject({
  peft_type: z.literal("IA3"),
  target_modules: targetKeys.target_modules,
  exclude_modules: targetKeys.exclude_modules,
  feedforward_modules: moduleNames.nullish(),
});
export type Ia3Config = z.output<typeof ia3Config>;

/** The keys of IA3Config (PEFT 0.21). PEFT follows the layer, whatever fan_in_fan_out says. */
const KEYS: KnownKeys = {
  any: ["target_modules", "exclude_modules", "feedforward_modules", "fan_in_fan_out", "init_ia3_weights"],
  refused: { modules_to_save: modulesToSave },
};

/** Whether IA3 scales a layer's input: PEFT compares the end of the name, and not only whole parts of it. */
function isFeedForward(given: Ia3Config["feedforward_modules"], { layout, patterns }: ConfigPlace) {
  if (typeof given === "string") return patterns.whole("feedforward_modules", given);
  const ends = given ?? layout.defaultTargets.ia3.inputs;
  return (module: string): boolean => ends.some((end) => module.endsWith(end));
}

/**
 * The layers whose output a config of IA3 scales, and those whose input.
 * @throws UserError naming a key that cannot be applied, its value, and what to do
 */
export function ia3Layers(
  config: Ia3Config,
  { path, layout }: PeftReading,
): { targets: readonly string[]; feedForward: readonly string[] } {
  refuseHarmful(config, KEYS, path);
  const place = { path, layout, patterns: new ConfigPatterns(path) };
  const { outputs, inputs } = layout.defaultTargets.ia3;
  const modules = targetedModules(config, [...outputs, ...inputs], place);
  const isInput = isFeedForward(config.feedforward_modules, place);
  const feedForward = modules.filter((module) => isInput(module));
  const targets = modules.filter((module) => !isInput(module));
  return namedAs(config, { targets, feedForward }, layout);
}

/** The layers by the names that the file gives, where those choose these and no others. */
function namedAs(
  { target_modules: all, feedforward_modules: some }: Ia3Config,
  chosen: { targets: string[]; feedForward: string[] },
  { linears }: BackboneLayout,
): { targets: readonly string[]; feedForward: readonly string[] } {
  if (!Array.isArray(all) || !(some == null || Array.isArray(some))) return chosen;
  const feedForward = (some ?? []).filter((name) => all.includes(name));
  const targets = all.filter((name) => !feedForward.includes(name));
  const isSame = linears.every(({ module }) => {
    const isInput = isTarget(module, feedForward);
    const isOutput = !isInput && isTarget(module, targets);
    return isInput === chosen.feedForward.includes(module) && isOutput === chosen.targets.includes(module);
  });
  return isSame ? { targets, feedForward } : chosen;
}
