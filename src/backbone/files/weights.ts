import { closeSync, openSync } from "node:fs";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import type { WeightLocation } from "../../engine/program.ts";
import { groupsOf, readBytes, readWeight, rowRange } from "../../engine/weightData.ts";
import type { StoredTensors } from "../storedTensors.ts";
import { isBlockType } from "../gguf/ggufTypes.ts";
import { floatType } from "./safetensors.ts";
import type { CopySteps } from "./copySteps.ts";
import type { StoredEntry } from "./storedEntry.ts";
import { weightEntries } from "./weightFiles.ts";

/** Bytes that a comparison of two tensors reads of each at a time. */
const CHUNK = 1024 * 1024;

/** The tensors of a Hugging Face folder, in one file or in shards, each with its location on disk. */
export class BackboneWeights implements StoredTensors {
  /** @param elsewhere locations that replace those of some tensors */
  private constructor(
    readonly folder: string,
    private readonly entries: ReadonlyMap<string, StoredEntry>,
    private readonly elsewhere: ReadonlyMap<string, WeightLocation> = new Map(),
  ) {}

  /**
   * @param checked another copy of the model has just verified what the cache holds of it
   * @throws UserError naming the file when weights are missing, truncated or malformed
   */
  static open(folder: string, checked = false): BackboneWeights {
    return new BackboneWeights(folder, weightEntries(folder, checked));
  }

  /** The same tensors, some of them at other locations. */
  relocated(places: ReadonlyMap<string, WeightLocation>): BackboneWeights {
    return new BackboneWeights(this.folder, this.entries, places);
  }

  /** Makes the copies in which values lie that engines cannot read where they are stored. */
  *copies(): CopySteps<void> {
    for (const copy of new Set([...this.entries.values()].map((entry) => entry.copy)))
      if (copy !== undefined) yield* copy();
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

  /** Bytes of all tensors as they are stored, tied ones once. */
  get bytes(): number {
    const own = new Map([...this.entries.values()].map((entry) => [entry, entry.bytes]));
    for (const [name, place] of this.elsewhere) {
      const entry = this.entries.get(name);
      const numbers = [place.scales, place.offsets].filter((each) => each !== undefined).length;
      if (entry !== undefined) own.set(entry, place.bytes + 4 * numbers * place.dims[0]! * groupsOf(place));
    }
    return [...own.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /** The files that tensors are stored in, each once. */
  get files(): string[] {
    return [...new Set([...this.entries.values()].map(({ source }) => source))];
  }

  /** Whether tensors are stored as levels with scales. */
  get hasLevels(): boolean {
    return [...this.entries.values()].some(({ dtype }) => isBlockType(dtype));
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  /** Compares the stored bytes, from the first on, and stops at a difference. */
  isEqual(one: string, other: string): boolean {
    const [a, b] = [this.entries.get(one), this.entries.get(other)];
    if (a === undefined || b === undefined) return false;
    if (a === b) return true;
    if (a.dtype !== b.dtype || a.dims.join() !== b.dims.join()) return false;
    const [from, to] = [a.place(), b.place()];
    const files = [openSync(from.file, "r"), openSync(to.file, "r")] as const;
    try {
      for (let at = 0; at < a.bytes; at += CHUNK) {
        const length = Math.min(CHUNK, a.bytes - at);
        if (!readBytes(files[0], from.offset + at, length).equals(readBytes(files[1], to.offset + at, length)))
          return false;
      }
      return true;
    } finally {
      files.forEach(closeSync);
    }
  }

  private entry(name: string, dims: readonly number[]): StoredEntry {
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
        phrase`${entry.source}: tensor "${name}" has shape (${entry.dims.join(", ")}), config.json asks for (${dims.join(", ")})`,
        phrase`config.json and weights are of two models, or of two versions of one: download both again, at one revision.`,
      );
    return entry;
  }

  /**
   * The location of a tensor of the given dims.
   * @throws UserError when it is missing or of another shape
   */
  locate(name: string, dims: readonly number[]): WeightLocation {
    const entry = this.entry(name, dims);
    const other = this.elsewhere.get(name);
    if (other !== undefined) return other;
    const place = entry.place();
    const type = place.type ?? floatType(name, { file: entry.source, dtype: entry.dtype });
    return { bytes: entry.bytes, dims: entry.dims, ...place, type };
  }

  /**
   * Checks that a tensor of the given dims is there, of a type that can be read; its values are left alone.
   * @throws UserError when it is missing, or of another shape or type
   */
  check(name: string, dims: readonly number[]): void {
    const { source, dtype } = this.entry(name, dims);
    if (!isBlockType(dtype)) floatType(name, { file: source, dtype });
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
