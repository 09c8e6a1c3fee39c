import { existsSync, readdirSync } from "node:fs";
import { isAbsolute, join, relative, sep } from "node:path";
import * as z from "zod";
import { backboneFolder, EMBEDDED_BACKBONE } from "../backbone/backboneFolder.ts";
import { boundedText } from "../base/files/boundedFile.ts";
import { ggufModels } from "../base/localModels/ggufModels.ts";
import { here, localModels, shownName } from "../base/localModels/localModels.ts";
import { hubCache } from "../base/localModels/modelPlaces.ts";
import type { StoredModel } from "../base/localModels/storedModel.ts";
import { backboneLayout } from "../training/prepare.ts";

/** A backbone as `adept backbones list` shows it. */
export interface ListedBackbone {
  /** The value of "backbone" in an experiment: "tiny-t5", a folder or a GGUF file. */
  backbone: string;
  /** A GGUF model's name, with that of the program that keeps it. */
  name?: string;
  /** Bytes of a GGUF model's files. */
  bytes?: number;
  modelType?: string;
  width?: number;
  /** The number of layers of the encoder, then that of the decoder if there is one. */
  layers?: number[];
  /** The number of the model's weights, without those of a method. */
  parameters?: number;
  /** Why it cannot be used. */
  problem?: string;
}

const MOST_CONFIG_BYTES = 1024 * 1024;

const count = z.number().int().positive().nullish();
/** The keys of config.json that describe a model, under the names that the various model types use. */
const Config = z.object({
  model_type: z.string().max(100),
  num_layers: count,
  num_decoder_layers: count,
  num_hidden_layers: count,
  n_layer: count,
  is_encoder_decoder: z.boolean().nullish(),
});

function configOf(folder: string): z.infer<typeof Config> | undefined {
  try {
    return Config.parse(JSON.parse(boundedText(join(folder, "config.json"), MOST_CONFIG_BYTES)));
  } catch {
    return undefined;
  }
}

function layersOf(config: z.infer<typeof Config>): number[] | undefined {
  const first = config.num_layers ?? config.num_hidden_layers ?? config.n_layer;
  if (first === undefined || first === null) return undefined;
  return config.is_encoder_decoder === true ? [first, config.num_decoder_layers ?? first] : [first];
}

/**
 * The message of what was thrown, in one line. A bug in reading one model must not hide the others, so it is told too.
 */
const problemOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ");

/** A path as it is shown and can be written in an experiment here: relative where it is inside this folder. */
function shownPath(path: string): string {
  const own = relative(process.cwd(), path);
  return own.startsWith("..") || isAbsolute(own) ? path : `.${sep}${own}`;
}

/** Describes a backbone from its files; weights are not read. @param backbone "tiny-t5" or an absolute path */
export function describeBackbone(backbone: string): ListedBackbone {
  let known: ListedBackbone = { backbone: backbone === EMBEDDED_BACKBONE ? backbone : shownPath(backbone) };
  try {
    const folder = backboneFolder(backbone);
    const config = configOf(folder);
    const layers = config === undefined ? undefined : layersOf(config);
    known = {
      ...known,
      ...(config !== undefined && { modelType: config.model_type }),
      ...(layers !== undefined && { layers }),
    };
    const { width, weights } = backboneLayout(folder);
    const parameters = weights.reduce((sum, { dims }) => sum + dims.reduce((a, b) => a * b, 1), 0);
    return { ...known, width, parameters };
  } catch (error) {
    return { ...known, problem: problemOf(error) };
  }
}

/** Describes a GGUF model from its file's head. @param name as it is shown */
export function describeGguf({ name, path, bytes }: StoredModel): ListedBackbone {
  return { ...describeBackbone(path), name, bytes };
}

/** The GGUF models in the given folders and directly beneath them, then those that other programs keep. */
export function ggufBackbones(folders: readonly string[]): StoredModel[] {
  const own = folders.flatMap((folder) => ggufModels(folder, 1));
  const kept = localModels().map((model) => ({ ...model, name: shownName(model) }));
  const models = new Map([...kept, ...own].map((model) => [`${model.path} ${model.name}`, model]));
  return [...models.values()];
}

function subfolders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map(({ name }) => join(folder, name))
      .sort();
  } catch {
    return [];
  }
}

/** Finds the folders with a model: directly inside the given folders, and snapshots in the cache of the Hub. */
export function downloadedBackbones(folders: readonly string[]): string[] {
  const cached = subfolders(hubCache(here()))
    .filter((folder) => /[\\/]models--[^\\/]+$/.test(folder))
    .flatMap((folder) => subfolders(join(folder, "snapshots")));
  const isModel = (folder: string): boolean =>
    existsSync(join(folder, "config.json")) && configOf(folder) !== undefined;
  return [...new Set([...folders.flatMap((folder) => [folder, ...subfolders(folder)]), ...cached])].filter(isModel);
}
