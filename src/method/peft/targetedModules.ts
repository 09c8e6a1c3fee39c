import * as z from "zod";
import { phrase } from "../../base/phrase.ts";
import type { BackboneLayout } from "../../backbone/layout.ts";
import { isTarget } from "../target.ts";
import type { ConfigPatterns } from "./configPatterns.ts";
import { layerOf } from "./modulePattern.ts";
import { refuseKey } from "./refuseKey.ts";

const MOST_NAMES = 10_000;
const moduleName = z.string().max(4000);
const names = z.array(moduleName.min(1)).max(MOST_NAMES);
/** A list of last parts of module names, or a regular expression of whole ones. */
export const moduleNames = z.union([names, moduleName], "a list of layer names or a regular expression is needed");
const layerNumber = z.number().int();

/** The keys of adapter_config.json that say which modules an adapter changes. */
export const targetKeys = {
  target_modules: moduleNames.nullish(),
  exclude_modules: moduleNames.nullish(),
  layers_to_transform: z.union([layerNumber, z.array(layerNumber).max(MOST_NAMES)]).nullish(),
  layers_pattern: z.union([moduleName, names]).nullish(),
};
export type TargetKeys = z.output<z.ZodObject<typeof targetKeys>>;

/** Where a file is, its patterns, and the backbone that it is read for. */
export interface ConfigPlace {
  path: string;
  patterns: ConfigPatterns;
  layout: BackboneLayout;
}

type Test = (module: string) => boolean;
const ALL_LINEAR = "all-linear";

/** Whether a module is one of a list of names, or matches a regular expression from start to end. */
export function namesTest(key: string, value: string | readonly string[], { patterns }: ConfigPlace): Test {
  return typeof value === "string" ? patterns.whole(key, value) : (module) => isTarget(module, value);
}

/** Whether a module is in one of the layers of `layers_to_transform`. */
function layersTest({ layers_to_transform: wanted, layers_pattern: pattern }: TargetKeys, place: ConfigPlace): Test {
  if (wanted == null || (Array.isArray(wanted) && wanted.length === 0)) return () => true;
  const layers = typeof wanted === "number" ? [wanted] : wanted;
  const list = typeof pattern === "string" ? [pattern] : (pattern ?? []);
  const given = list.filter((each) => each !== "");
  const readers = given.map((each) => place.patterns.layer("layers_pattern", each));
  return (module) => {
    const layer =
      given.length === 0 ? layerOf(module) : readers.map((read) => read(module)).find((n) => n !== undefined);
    return layer !== undefined && layers.includes(layer);
  };
}

/** The modules that a config without target_modules, or with PEFT's word for all, changes. */
function targetsTest({ target_modules: targets }: TargetKeys, byDefault: readonly string[], place: ConfigPlace): Test {
  if (targets == null) return (module) => isTarget(module, byDefault);
  if (typeof targets === "string" && targets.toLowerCase() === ALL_LINEAR)
    return (module) => module !== place.layout.head.module;
  return namesTest("target_modules", targets, place);
}

/**
 * The linear layers that a PEFT config changes, in the layout's order, as check_target_module_exists of PEFT chooses
 * them.
 * @param byDefault the layers where the file names none
 * @throws UserError where PEFT refuses the file too, where it names a module that is not a linear layer, or none at all
 */
export function targetedModules(keys: TargetKeys, byDefault: readonly string[], place: ConfigPlace): string[] {
  const { target_modules: targets, exclude_modules: excluded, layers_to_transform: layers } = keys;
  if (typeof targets === "string")
    for (const key of ["layers_to_transform", "layers_pattern"] as const)
      if (keys[key] != null)
        refuseKey(
          place.path,
          [key, keys[key]],
          phrase`it has no meaning where target_modules is a regular expression`,
          phrase`Name the layers in the expression.`,
        );
  if (layers == null && keys.layers_pattern != null && keys.layers_pattern.length > 0)
    refuseKey(
      place.path,
      ["layers_pattern", keys.layers_pattern],
      phrase`it has no meaning without layers_to_transform`,
      phrase`Give the numbers of the layers in layers_to_transform, or take "layers_pattern" out.`,
    );
  const isTargeted = targetsTest(keys, byDefault, place);
  const isExcluded =
    excluded == null || excluded.length === 0 ? () => false : namesTest("exclude_modules", excluded, place);
  const isInLayers = layersTest(keys, place);
  const isChosen: Test = (module) => isTargeted(module) && !isExcluded(module) && isInLayers(module);
  const chosen = place.layout.linears.map(({ module }) => module).filter(isChosen);
  refuseEmbedding(keys, isChosen, place);
  if (chosen.length === 0)
    refuseKey(
      place.path,
      ["target_modules", targets],
      phrase`this backbone has no linear layer that the file chooses`,
      phrase`Give the backbone that the adapter was trained on.`,
    );
  return chosen;
}

/** PEFT can change the table of tokens by a list of names; here no method does. */
function refuseEmbedding({ target_modules: targets }: TargetKeys, isChosen: Test, place: ConfigPlace): void {
  const table = place.layout.embedding.replace(/\.weight$/, "");
  if (!Array.isArray(targets) || !isChosen(table)) return;
  refuseKey(
    place.path,
    ["target_modules", targets],
    phrase`"${table}" is the table of tokens, which this method cannot change`,
    phrase`Train an adapter of linear layers alone, or merge this one with PEFT (merge_and_unload) and use the merged model as the backbone.`,
  );
}

/**
 * The shortest names for modules that were chosen: those that the file gives, if they choose these and no others;
 * otherwise the whole names.
 */
export function namesFor(chosen: readonly string[], given: unknown, { linears }: BackboneLayout): readonly string[] {
  if (!Array.isArray(given)) return chosen;
  const listed = given as string[];
  const isSame = linears.every(({ module }) => isTarget(module, listed) === chosen.includes(module));
  return isSame && listed.length > 0 ? listed : chosen;
}
