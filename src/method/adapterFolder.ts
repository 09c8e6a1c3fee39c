import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { UserError } from "../experiment/errors.ts";
import type { MethodSpec } from "../experiment/experiment.ts";
import { readSafetensors, writeSafetensors, type Tensors } from "../backbone/safetensors.ts";
import type { Parameters } from "../training/model.ts";
import type { MethodSizes } from "./method.ts";
import { METHODS } from "./registry.ts";
import { countParameters } from "./sizes.ts";

const CONFIG = "adapter_config.json", TENSORS = "adapter_model.safetensors";
/** PEFT's name of the one tensor of prompt tuning. */
const PEFT_PROMPT = "prompt_embeddings";

const size = z.number().int().nonnegative().max(10_000_000);
const Config = z.discriminatedUnion("peft_type", [
  z.object({ peft_type: z.literal("PROMPT_TUNING"), num_virtual_tokens: size, token_dim: size.nullish() }),
  z.object({ peft_type: z.literal("ADEPT"), num_virtual_tokens: size, bottleneck: size, token_dim: size }),
]);

export interface Adapter { method: MethodSpec["kind"]; sizes: MethodSizes; parameters: Parameters }

/**
 * Writes an adapter in PEFT's folder layout: adapter_config.json and adapter_model.safetensors.
 * Prompt tuning is a PEFT PROMPT_TUNING adapter; ADePT has peft_type ADEPT and the tensors prompt (m,d), w_down (d,r), b_down (r), w_up (r,d), b_up (d).
 */
export function saveAdapter(folder: string, { method, sizes, parameters, backbone, width }: Adapter & { backbone: string; width: number }): void {
  mkdirSync(folder, { recursive: true });
  const shared = { base_model_name_or_path: backbone, task_type: "SEQ_2_SEQ_LM", inference_mode: true, num_virtual_tokens: sizes.promptLength, token_dim: width, num_transformer_submodules: 1 };
  const config = method === "pt" ? { peft_type: "PROMPT_TUNING", prompt_tuning_init: "RANDOM", ...shared } : { peft_type: "ADEPT", bottleneck: sizes.bottleneck, ...shared };
  const tensors: Tensors = new Map([...parameters].map(([name, t]) => [method === "pt" ? PEFT_PROMPT : name, { dims: t.dims, data: t.data }]));
  writeSafetensors(join(folder, TENSORS), tensors, { format: "pt" });
  const temporary = join(folder, `${CONFIG}.${process.pid}.tmp`);
  writeFileSync(temporary, `${JSON.stringify(config, null, 2)}\n`);
  renameSync(temporary, join(folder, CONFIG));
}

function readConfig(path: string): z.infer<typeof Config> {
  let json: unknown;
  try { json = JSON.parse(readFileSync(path, "utf8")); } catch (error) { throw new UserError(`${path} cannot be read as JSON: ${(error as Error).message}`, "Give the folder of a PEFT prompt-tuning or ADePT adapter."); }
  const parsed = Config.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new UserError(`${path}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "malformed"}`, "Adapters of type PROMPT_TUNING and ADEPT can be read.");
}

/**
 * Reads an adapter folder for a backbone of the given width.
 * @throws UserError naming file, tensor and shapes when they do not fit
 */
export function loadAdapter(folder: string, width: number): Adapter {
  const config = readConfig(join(folder, CONFIG));
  const path = join(folder, TENSORS);
  const tensors = readSafetensors(path);
  const method = config.peft_type === "ADEPT" ? "adept" : "pt";
  const shape = { promptLength: config.num_virtual_tokens, bottleneck: config.peft_type === "ADEPT" ? config.bottleneck : 0 };
  const sizes = { ...shape, count: countParameters(method, shape, width) };
  if (method === "pt") takeFirstSubmodule(tensors, sizes.promptLength, path);
  const parameters: Parameters = new Map();
  for (const spec of METHODS[method].tensors(sizes, width)) {
    const found = tensors.get(spec.name);
    if (found === undefined) throw new UserError(`${path} lacks tensor "${spec.name}"`);
    if (found.dims.join() !== spec.sizes.join()) throw new UserError(`${path}: tensor "${spec.name}" has shape (${found.dims.join(", ")}), the backbone and ${CONFIG} ask for (${spec.sizes.join(", ")})`);
    parameters.set(spec.name, { name: spec.name, dims: spec.sizes, group: spec.group, data: found.data });
  }
  return { method, sizes, parameters };
}

/** PEFT's default for encoder-decoder models saves the rows of two submodules and uses the first alone. */
function takeFirstSubmodule(tensors: Tensors, rows: number, path: string): void {
  const found = tensors.get(PEFT_PROMPT);
  if (found === undefined) throw new UserError(`${path} lacks tensor "${PEFT_PROMPT}"`);
  const [have, width] = found.dims;
  const fits = found.dims.length === 2 && have !== undefined && width !== undefined && (have === rows || have === 2 * rows);
  tensors.set("prompt", fits ? { dims: [rows, width], data: found.data.subarray(0, rows * width) } : found);
}
