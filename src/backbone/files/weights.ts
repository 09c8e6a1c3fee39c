import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { boundedText } from "../../base/files/boundedFile.ts";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import type { WeightLocation } from "../../engine/program.ts";
import { readBytes, readWeight, rowRange } from "../../engine/weightData.ts";
import type { StoredTensors } from "../storedTensors.ts";
import { floatType, readHeader, type TensorEntry } from "./safetensors.ts";

/** The largest index in bytes, which names each tensor once; and the most shards: models have up to some hundreds. */
const MOST_INDEX = 16 * 1024 * 1024;
const MOST_SHARDS = 1000;
const Index = z.object({
  weight_map: z.record(z.string(), z.string().regex(/^[^/\\:\0]+\.safetensors$/, "a file name, not a path")),
});

/** Bytes that a comparison of two tensors reads of each at a time. */
const CHUNK = 1024 * 1024;

/** The tensors of a Hugging Face folder, in one file or in shards, each with its location on disk. */
export class BackboneWeights implements StoredTensors {
  /** @param elsewhere locations that replace those of some tensors */
  private constructor(
    readonly folder: string,
    private readonly entries: ReadonlyMap<string, TensorEntry>,
    private readonly elsewhere: ReadonlyMap<string, WeightLocation> = new Map(),
  ) {}

  /** @throws UserError naming the file when weights are missing, truncated or malformed */
  static open(folder: string): BackboneWeights {
    const single = join(folder, "model.safetensors");
    const index = join(folder, "model.safetensors.index.json");
    if (existsSync(single)) return new BackboneWeights(folder, readHeader(single).entries);
    if (!existsSync(index))
      throw new UserError(
        "weights-missing",
        phrase`${folder} has no model.safetensors and no model.safetensors.index.json`,
        existsSync(join(folder, "pytorch_model.bin")) || existsSync(join(folder, "pytorch_model.bin.index.json"))
          ? phrase`Its weights are in PyTorch's older format: load the model once with transformers, and save it with save_pretrained.`
          : phrase`Give the folder of a model saved with safetensors.`,
      );
    const entries = new Map<string, TensorEntry>();
    const shards = new Map<string, ReturnType<typeof readHeader>>();
    for (const [name, file] of Object.entries(readIndex(index))) {
      const shard = shards.get(file) ?? readHeader(join(folder, file));
      shards.set(file, shard);
      const entry = shard.entries.get(name);
      if (entry === undefined)
        throw new UserError(
          "shard-tensor-missing",
          phrase`${join(folder, file)} lacks tensor "${name}", which ${index} puts there`,
        );
      entries.set(name, entry);
    }
    return new BackboneWeights(folder, entries);
  }

  /** The same tensors, some of them at other locations. */
  relocated(places: ReadonlyMap<string, WeightLocation>): BackboneWeights {
    return new BackboneWeights(this.folder, this.entries, places);
  }

  /**
   * The same tensors under the names of a layout.
   * @param storedAs the name in the file of a tensor of the layout; undefined: its own
   */
  named(layout: readonly string[], storedAs: ((tensor: string) => string) | undefined): BackboneWeights {
    if (storedAs === undefined) return this;
    const entries = new Map(this.entries);
    const renamed = layout.filter((name) => storedAs(name) !== name);
    for (const name of renamed) entries.delete(storedAs(name));
    for (const name of renamed) {
      const entry = this.entries.get(storedAs(name));
      if (entry !== undefined) entries.set(name, entry);
    }
    return new BackboneWeights(this.folder, entries, this.elsewhere);
  }

  /** Bytes of all tensors as they are stored. */
  get bytes(): number {
    return [...this.entries].reduce((sum, [name, entry]) => {
      const other = this.elsewhere.get(name);
      if (other === undefined) return sum + entry.bytes;
      return sum + other.bytes + (other.scales === undefined ? 0 : 4 * other.dims[0]!);
    }, 0);
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  /** Compares the stored bytes, from the first on, and stops at a difference. */
  isEqual(one: string, other: string): boolean {
    const [a, b] = [this.entries.get(one), this.entries.get(other)];
    if (a === undefined || b === undefined) return false;
    if (a.dtype !== b.dtype || a.dims.join() !== b.dims.join()) return false;
    const files = [openSync(a.file, "r"), openSync(b.file, "r")] as const;
    try {
      for (let at = 0; at < a.bytes; at += CHUNK) {
        const length = Math.min(CHUNK, a.bytes - at);
        if (!readBytes(files[0], a.offset + at, length).equals(readBytes(files[1], b.offset + at, length)))
          return false;
      }
      return true;
    } finally {
      files.forEach(closeSync);
    }
  }

  private entry(name: string, dims: readonly number[]): TensorEntry {
    const entry = this.entries.get(name);
    if (entry === undefined)
      throw new UserError(
        "weights-tensor-missing",
        phrase`${this.folder}: the weights lack tensor "${name}"`,
        phrase`The folder's config.json and weights do not belong together, or the file is incomplete.`,
      );
    if (entry.dims.join() !== dims.join())
      throw new UserError(
        "weights-tensor-shape",
        phrase`${entry.file}: tensor "${name}" has shape (${entry.dims.join(", ")}), config.json asks for (${dims.join(", ")})`,
        phrase`config.json and weights are of two models, or of two versions of one: download both again, at one revision.`,
      );
    return entry;
  }

  /**
   * The location of a tensor of the given dims.
   * @throws UserError when it is missing or of another shape
   */
  locate(name: string, dims: readonly number[]): WeightLocation {
    const { file, offset, bytes, ...entry } = this.entry(name, dims);
    return (
      this.elsewhere.get(name) ?? {
        file,
        offset,
        bytes,
        dims: entry.dims,
        type: floatType(name, this.entry(name, dims)),
      }
    );
  }

  /** A tensor's values as fp32. */
  read(name: string, dims: readonly number[]): Float32Array {
    return readWeight(this.locate(name, dims));
  }

  /** Rows `from` up to `to` of a tensor as fp32. */
  rows(name: string, dims: readonly number[], [from, to]: readonly [from: number, to: number]): Float32Array {
    return readWeight(rowRange(this.locate(name, dims), from, to));
  }
}

function readIndex(path: string): Record<string, string> {
  let json: unknown;
  try {
    json = JSON.parse(boundedText(path, MOST_INDEX));
  } catch (error) {
    throw new UserError("weights-index-not-json", phrase`${path} is not JSON: ${(error as Error).message}`);
  }
  const parsed = Index.safeParse(json);
  if (!parsed.success)
    throw new UserError(
      "weights-index-malformed",
      phrase`${path}: weight_map must map tensor names to file names in the folder`,
    );
  if (new Set(Object.values(parsed.data.weight_map)).size > MOST_SHARDS)
    throw new UserError("weights-too-many-shards", phrase`${path} names more than ${MOST_SHARDS} files`);
  return parsed.data.weight_map;
}
