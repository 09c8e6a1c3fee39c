import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join, relative, sep } from "node:path";
import * as z from "zod";
import { backboneFolder, EMBEDDED_BACKBONE } from "../backbone/backboneFolder.ts";
import { boundedText } from "../base/files/boundedFile.ts";
import { backboneLayout } from "../training/prepare.ts";

/** A backbone as `adept backbones list` shows it. */
export interface ListedBackbone {
  /** The value of "backbone" in an experiment: "tiny-t5" or a folder. */
  backbone: string;
  modelType?: string;
  width?: number;
  /** The number of layers of the encoder, then that of the decoder if there is one. */
  layers?: number[];
  /** The number of the model's weights, without those of a method. */
  parameters?: number;
  /** Why the folder cannot be used. */
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

/** Describes a backbone from its files. @param backbone "tiny-t5" or an absolute path */
export function describeBackbone(backbone: string): ListedBackbone {
  const folder = backboneFolder(backbone);
  const config = configOf(folder);
  const own = relative(process.cwd(), backbone);
  const shown = backbone === EMBEDDED_BACKBONE || own.startsWith("..") ? backbone : `.${sep}${own}`;
  const layers = config === undefined ? undefined : layersOf(config);
  const known = {
    backbone: shown,
    ...(config !== undefined && { modelType: config.model_type }),
    ...(layers !== undefined && { layers }),
  };
  try {
    const { width, weights } = backboneLayout(folder);
    const parameters = weights.reduce((sum, { dims }) => sum + dims.reduce((a, b) => a * b, 1), 0);
    return { ...known, width, parameters };
  } catch (error) {
    return { ...known, problem: error instanceof Error ? error.message : String(error) };
  }
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

/** The cache folder of Hugging Face's own tools, as environment variables set it. */
function hubCache(): string {
  const { HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = process.env;
  return HF_HUB_CACHE ?? join(HF_HOME ?? join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "huggingface"), "hub");
}

/** Finds the folders with a model: directly inside the given folders, and snapshots in the cache of the Hub. */
export function downloadedBackbones(folders: readonly string[]): string[] {
  const cached = subfolders(hubCache())
    .filter((folder) => /[\\/]models--[^\\/]+$/.test(folder))
    .flatMap((folder) => subfolders(join(folder, "snapshots")));
  const isModel = (folder: string): boolean =>
    existsSync(join(folder, "config.json")) && configOf(folder) !== undefined;
  return [...new Set([...folders.flatMap((folder) => [folder, ...subfolders(folder)]), ...cached])].filter(isModel);
}
