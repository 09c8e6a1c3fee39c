import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { AS_IS, type ConfigJson, type GgufArchitecture, type ModuleTensor } from "./ggufArchitecture.ts";
import { ggufArchitecture } from "./ggufConfig.ts";
import type { GgufFile, GgufTensor } from "./ggufFile.ts";
import { rowMultiple, type TensorChange } from "./tensorChange.ts";

/** A stored tensor, and how the one of the Hugging Face folder is made from it. */
export interface ChangedTensor {
  tensor: GgufTensor;
  change: TensorChange;
}

/** A tensor of the file by its place, and the Hugging Face module; undefined: the folder has none. */
interface Place extends ModuleTensor {
  hf: string | undefined;
}

/** Finds the places of an architecture's tensors by their names in the file. */
class Places {
  private readonly stacks;

  constructor(
    private readonly architecture: GgufArchitecture,
    config: ConfigJson,
  ) {
    this.stacks = architecture.stacks(config);
  }

  /** The place of a tensor; undefined where the architecture has no such tensor. */
  of(name: string): Place | undefined {
    const [, path = "", part = ""] = /^(.+)\.(weight|bias)$/.exec(name) ?? [];
    const stack = this.stacks.find(({ from }) => path.startsWith(from));
    if (stack === undefined) return this.place({ module: path, part }, this.architecture.modules, "");
    const [, index = "", module = ""] = /^(0|[1-9]\d{0,5})\.(.+)$/.exec(path.slice(stack.from.length)) ?? [];
    if (index === "" || Number(index) >= stack.layers) return undefined;
    return this.place({ module, part }, stack.modules, `${stack.to}${index}.`);
  }

  private place(tensor: ModuleTensor, modules: Readonly<Record<string, string>>, before: string): Place | undefined {
    const { module, part } = tensor;
    if (Object.hasOwn(modules, module)) return { ...tensor, hf: `${before}${modules[module]!}.${part}` };
    return this.architecture.dropped.includes(module) ? { ...tensor, hf: undefined } : undefined;
  }
}

/** Refuses tensors whose use is not known: a model with them computes something else. */
function refuseUnknown({ path }: GgufFile, { name }: GgufArchitecture, unknown: readonly string[]): void {
  const [first] = unknown;
  if (first === undefined) return;
  throw new UserError(
    "gguf-tensors-unknown",
    phrase`${path} has ${unknown.length} tensors that a model of the architecture "${name}" does not have, such as "${first.slice(0, 80)}"`,
    phrase`The model computes something else than its architecture says. Use another GGUF file of the model, or another model.`,
  );
}

/** Refuses a tensor whose rows do not divide among the heads. */
function checkRows({ path }: GgufFile, { tensor, change }: ChangedTensor): void {
  const rows = tensor.dims[0] ?? 0;
  const multiple = rowMultiple(change);
  const isMatrix = change.kind !== "transpose" || tensor.dims.length === 2;
  if (isMatrix && rows % multiple === 0) return;
  throw new UserError(
    "gguf-rows-indivisible",
    phrase`${path}: tensor "${tensor.name}" has shape (${tensor.dims.join(", ")}), which does not fit the heads that the metadata name`,
    phrase`Take another GGUF file of the model: this one is damaged.`,
  );
}

/**
 * The tensors of the model's Hugging Face folder by their names there, each with the stored tensor that it is made
 * from. Whether all are there that the model needs, and of the right shapes, is checked where they are read.
 * @param config what ggufConfig gives
 * @throws UserError for tensors that the architecture does not have, and for rows that do not divide among heads
 */
export function ggufTensors(file: GgufFile, config: ConfigJson): Map<string, ChangedTensor> {
  const architecture = ggufArchitecture(file);
  const places = new Places(architecture, config);
  const found = new Map<string, ChangedTensor>();
  const unknown: string[] = [];
  for (const tensor of file.tensors.values()) {
    const place = places.of(tensor.name);
    if (place === undefined) unknown.push(tensor.name);
    if (place?.hf === undefined) continue;
    const changed = { tensor, change: architecture.change?.(place, config) ?? AS_IS };
    checkRows(file, changed);
    found.set(place.hf, changed);
  }
  refuseUnknown(file, architecture, unknown);
  return found;
}
