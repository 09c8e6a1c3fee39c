import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import type { BackboneLayout } from "../backbone/layout.ts";
import { readSafetensors, writeSafetensors, type Tensors } from "../backbone/files/safetensors.ts";
import { readTorchFile } from "../backbone/files/torchFile.ts";
import { boundedText } from "../base/files/boundedFile.ts";
import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import type { MethodSpec } from "../method/methodSpec.ts";
import type { Parameters } from "../method/parameters.ts";
import { AdapterConfig, fromConfig, taskType, toConfig } from "./adapterConfig.ts";
import type { AnySizes } from "../method/trained.ts";
import { fromOfficial, OfficialConfig } from "./officialCheckpoint.ts";
import { PROMPT, promptRows } from "../method/prompt.ts";
import { methodOf } from "../method/registry.ts";
import { refuseKey, shownValue } from "../method/peft/refuseKey.ts";
import { countParameters, type MethodSizes } from "../method/sizes.ts";

const CONFIG = "adapter_config.json";
const TENSORS = "adapter_model.safetensors";
/** The largest adapter_config.json that is read, in bytes; real files have a few kilobytes. */
const MOST_CONFIG = 1024 * 1024;

/** The types of PEFT that are read. */
const READABLE = "PROMPT_TUNING, LORA, IA3";

/** A trained method with its sizes and its tensors, independent of the files that it came from. */
export interface Adapter {
  spec: MethodSpec;
  sizes: MethodSizes;
  parameters: Parameters;
}

/**
 * Writes an adapter as a folder in PEFT's layout: adapter_config.json and adapter_model.safetensors, in the form that
 * its method defines.
 */
export function saveAdapter(
  folder: string,
  { spec, sizes, parameters }: Adapter,
  { backbone, layout }: { backbone: string; layout: BackboneLayout },
): void {
  mkdirSync(folder, { recursive: true });
  const { peft } = methodOf(spec.kind);
  const tensors: Tensors = new Map(
    [...parameters].map(([name, t]) => [peft.storedName(name), { dims: t.dims, data: t.data }]),
  );
  writeSafetensors(join(folder, TENSORS), tensors, { format: "pt" });
  const temporary = join(folder, `${CONFIG}.${process.pid}.tmp`);
  writeFileSync(temporary, `${JSON.stringify(toConfig(spec, sizes, { backbone, layout }), null, 2)}\n`);
  renameSync(temporary, join(folder, CONFIG));
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(boundedText(path, MOST_CONFIG));
  } catch (error) {
    throw new UserError(
      "adapter-config-not-json",
      phrase`${path} cannot be read as JSON: ${(error as Error).message}`,
      phrase`Give the folder of a PEFT adapter, of an official checkpoint, or of one that ADePT Lab wrote.`,
    );
  }
}

/** The value at a path of a parsed file. */
const valueAt = (json: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    json,
  );

function readConfig(path: string, json: unknown): AdapterConfig {
  const parsed = AdapterConfig.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path: keys = [], message = "malformed" } = parsed.error.issues[0] ?? {};
  const [key] = keys;
  if (key === "peft_type")
    refuseKey(
      path,
      ["peft_type", valueAt(json, keys)],
      phrase`adapters of the types ${READABLE}, those of the official code and those of ADePT Lab can be read`,
      phrase`With PEFT, convert the adapter to LoRA or merge it (merge_and_unload), and use the merged model as the backbone; or train one of these types.`,
    );
  throw new UserError(
    "adapter-config-malformed",
    phrase`${path}: "${keys.join(".")}" is ${shownValue(valueAt(json, keys))}: ${message}`,
    phrase`Give the file as PEFT or ADePT Lab wrote it; adapters of the types ${READABLE}, the official code's and ADePT Lab's own can be read.`,
  );
}

/** The tensors of the folder, from adapter_model.safetensors or from the older adapter_model.bin (torch.save). */
function readTensors(folder: string): { path: string; tensors: Tensors } {
  const safe = join(folder, TENSORS);
  const torch = join(folder, "adapter_model.bin");
  return existsSync(safe) || !existsSync(torch)
    ? { path: safe, tensors: readSafetensors(safe) }
    : { path: torch, tensors: readTorchFile(torch) };
}

const Trained = z.object({ task_type: z.string().nullish(), base_model_name_or_path: z.string().nullish() });

/**
 * Checks that an adapter is for a model that reads and writes text as this one does.
 * @throws UserError where its file names another kind of task
 */
function checkTask(path: string, json: unknown, layout: BackboneLayout): void {
  const { data } = Trained.safeParse(json);
  const own = taskType(layout);
  if (data?.task_type == null || data.task_type === own) return;
  const { task_type: task, base_model_name_or_path: base } = data;
  const trained = base == null || base === "" ? "" : phrase`: it was trained on ${base.slice(0, 200)}`;
  throw new UserError(
    "adapter-of-another-task",
    phrase`${path}: the adapter's task_type is ${task.slice(0, 40)}, the backbone's is ${own}${trained}`,
    phrase`Give the backbone that the adapter was trained on, or an adapter of this backbone.`,
  );
}

interface Stored {
  spec: MethodSpec;
  sizes: AnySizes;
  /** The file that holds the tensors, for messages. */
  path: string;
  tensors: Tensors;
  storedName: (name: string) => string;
}

function readStored(folder: string, layout: BackboneLayout): Stored {
  const configPath = join(folder, CONFIG);
  const json = readJson(configPath);
  checkTask(configPath, json, layout);
  const official = OfficialConfig.safeParse(json);
  if (official.success) {
    const { path, tensors } = readTensors(folder);
    return { path, ...fromOfficial(official.data, tensors, { path, layout }), storedName: (name) => name };
  }
  const { spec, sizes } = fromConfig(readConfig(configPath, json), { path: configPath, layout });
  const { peft } = methodOf(spec.kind);
  return { spec, sizes, ...readTensors(folder), storedName: (name) => peft.storedName(name) };
}

/**
 * Reads an adapter folder for a backbone of the given layout: PEFT's, ADePT Lab's, or a checkpoint of the official
 * ADePT or DePT code.
 * @throws UserError naming file, tensor and shapes when they do not fit
 */
export function loadAdapter(folder: string, layout: BackboneLayout): Adapter {
  const { spec, sizes: shape, path, tensors, storedName: stored } = readStored(folder, layout);
  const sizes = { ...shape, count: countParameters(spec, shape, layout) };
  const expected = methodOf(spec.kind).tensors({ spec, sizes, layout });
  const rows = promptRows(expected);
  if (rows > 0 && !layout.isCausal) takeFirstSubmodule(tensors, stored(PROMPT), rows);
  const parameters: Parameters = new Map();
  for (const each of expected) {
    const name = stored(each.name);
    const found = tensors.get(name);
    if (found === undefined)
      throw new UserError(
        "adapter-tensor-missing",
        phrase`${path} lacks tensor "${name}"`,
        phrase`The adapter is of another backbone, or incomplete.`,
      );
    if (found.dims.join() !== each.sizes.join())
      throw new UserError(
        "adapter-tensor-shape",
        phrase`${path}: tensor "${name}" has shape (${found.dims.join(", ")}), the backbone and ${CONFIG} ask for (${each.sizes.join(", ")})`,
        phrase`Give the backbone that the adapter was trained on, or an adapter of this backbone.`,
      );
    parameters.set(each.name, { name: each.name, dims: each.sizes, group: each.group, data: found.data });
    tensors.delete(name);
  }
  const [extra] = tensors.keys();
  if (extra !== undefined)
    throw new UserError(
      "adapter-tensor-unused",
      phrase`${path} has a tensor "${extra}" that this backbone and ${CONFIG} have no use for`,
      /\.(base_layer|embed_tokens|wte|shared)\.weight$/.test(extra)
        ? phrase`PEFT saved a whole layer beside the adapter. Save the adapter again with save_pretrained(FOLDER, save_embedding_layers=False) if the layer is unchanged; otherwise merge it (merge_and_unload).`
        : phrase`The adapter is of another backbone, or of a kind that cannot be read.`,
    );
  return { spec, sizes, parameters };
}

/**
 * Takes the first half of the rows: for encoder-decoder models PEFT saves the rows of two submodules and uses only
 * those of the first.
 */
function takeFirstSubmodule(tensors: Tensors, name: string, rows: number): void {
  const found = tensors.get(name);
  const [have, width] = found?.dims ?? [];
  if (found?.dims.length === 2 && width !== undefined && have === 2 * rows)
    tensors.set(name, { dims: [rows, width], data: found.data.subarray(0, rows * width) });
}
