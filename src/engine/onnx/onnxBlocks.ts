import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import type { OpValue, Value } from "../../graph/value.ts";
import type { WeightLocation } from "../program.ts";
import { groupsOf, readBytes } from "../weightData.ts";
import { joinedBlocks, type Blocks } from "./onnxJoinedBlocks.ts";
import type { OnnxBuilder } from "./onnxBuilder.ts";
import type { ProtoTensor } from "./onnxProto.ts";

/** In the highest bits of two levels of 4 bits, and of one of 8: turning them adds 8, and 128. */
const FLIP_HALVES = 0x88;
const FLIP_BYTE = 0x80;
/** What the kernel computes with: fp32, or what it multiplies by rounded to 8 bits in groups. */
const LEVEL = { exact: 1, rounded: 4 } as const;

/** How a program's products with levels are computed. */
export interface BlockOptions {
  /** The folder that the paths of weight files are relative to. */
  folder: string;
  /** "rounded": the kernel rounds what is multiplied to 8 bits, with a scale for each group of it. */
  products: keyof typeof LEVEL;
}

/**
 * Products with levels by onnxruntime's own kernel, which widens them in registers: a product of few rows reads an
 * eighth of the bytes. With many rows it is no faster than widening the matrix once. Products of the same x are one.
 */
export class BlockProducts {
  private readonly blocks: ReadonlyMap<OpValue, Blocks>;
  /** The products of each of the joined matrices. */
  private readonly made = new Map<Blocks, readonly string[]>();
  private readonly added = new Set<string>();

  /** @param order all values of the graph */
  constructor(
    private readonly b: OnnxBuilder,
    { order, weights }: { order: readonly Value[]; weights: ReadonlyMap<string, WeightLocation> },
    private readonly options: BlockOptions,
  ) {
    this.blocks = joinedBlocks(order, weights);
  }

  /**
   * Adds a product x W^T where W's levels have a form that the kernel reads.
   * @param read makes the left side's name
   * @returns the product's name; undefined where it is to be computed in another way
   */
  product(value: OpValue, read: () => string): string | undefined {
    const blocks = this.blocks.get(value);
    if (blocks === undefined) return undefined;
    let made = this.made.get(blocks);
    if (made === undefined) {
      const all = this.joined(blocks, read(), value.shape.length);
      const rows = blocks.places.map(({ dims }) => dims[0]!);
      made = rows.length === 1 ? [all] : this.b.split(all, rows);
      this.made.set(blocks, made);
    }
    return made[blocks.products.indexOf(value)]!;
  }

  private joined(blocks: Blocks, x: string, axes: number): string {
    switch (blocks.type) {
      case "uint4":
        return this.between(blocks, x, axes);
      case "int4":
        // The kernel wants levels -8 to 7 as 0 to 15.
        return this.node(blocks, x, { levels: this.levels(blocks, "halves", flipped(FLIP_HALVES)), bits: 4 });
      case "int8":
        return this.options.products === "rounded"
          ? this.node(blocks, x, { levels: this.levels(blocks, "bytes", flipped(FLIP_BYTE)), bits: 8 })
          : this.twoHalves(blocks, x);
    }
  }

  /** Levels 0 to 15 as they lie; offsets are multiplied by the sums of x over each group. */
  private between(blocks: Blocks, x: string, axes: number): string {
    const { b } = this;
    const { group, width } = blocks;
    const product = this.node(blocks, x, { levels: this.levels(blocks, "halves"), bits: 4, isFromZero: true });
    if (!blocks.hasOffsets) return product;
    const sums = b.once(`group sums ${group} ${x}`, () => {
      const apart = b.node("Reshape", [x, b.ints([...new Array<number>(axes - 1).fill(0), width / group, group])]);
      return b.node("ReduceSum", [apart, b.ints([-1])], { keepdims: { i: 0 } });
    });
    const offsets = this.numbers(blocks, "offsets", [blocks.rows, width / group]);
    return b.node("Add", [
      product,
      b.node("FusedMatMul", [sums, offsets], { transB: { i: 1 } }, { domain: "com.microsoft" }),
    ]);
  }

  /**
   * A level of 8 bits is 16 times its upper half, -8 to 7, plus its lower half, 0 to 15: the kernel computes exactly
   * with halves alone.
   */
  private twoHalves(blocks: Blocks, x: string): string {
    const { b } = this;
    const upper = this.levels(blocks, "upper", (raw) =>
      pairs(raw, (first, second) => ((first ^ FLIP_BYTE) >> 4) | ((second ^ FLIP_BYTE) & 0xf0)),
    );
    const lower = this.levels(blocks, "lower", (raw) =>
      pairs(raw, (first, second) => (first & 0x0f) | ((second & 0x0f) << 4)),
    );
    const times = b.once(`sixteen ${x}`, () => b.node("Mul", [x, b.float(16)]));
    return b.node("Add", [
      this.node(blocks, times, { levels: upper, bits: 4 }),
      this.node(blocks, x, { levels: lower, bits: 4, isFromZero: true }),
    ]);
  }

  private node(
    blocks: Blocks,
    x: string,
    { levels, bits, isFromZero = false }: { levels: string; bits: 4 | 8; isFromZero?: boolean },
  ): string {
    const { rows, width, group } = blocks;
    const bytes = rows * Math.ceil(width / group / 2);
    const zeros = (): string =>
      this.initializer(`block zeros ${bytes}`, () => ({ element: "uint8", dims: [bytes], raw: new Uint8Array(bytes) }));
    return this.b.node(
      "MatMulNBits",
      [x, levels, this.numbers(blocks, "scales", [(rows * width) / group]), ...(isFromZero ? [zeros()] : [])],
      {
        K: { i: width },
        N: { i: rows },
        bits: { i: bits },
        block_size: { i: group },
        accuracy_level: { i: LEVEL[this.options.products] },
      },
      { domain: "com.microsoft" },
    );
  }

  /** Levels in the kernel's order, made of the file's bytes; without `make`, as they lie. */
  private levels(blocks: Blocks, kind: string, make?: (raw: Uint8Array) => Uint8Array): string {
    const { places, rows, width, group, name } = blocks;
    return this.initializer(`block ${kind} ${name}`, () => {
      const form = (bytes: number) => ({
        element: "uint8" as const,
        dims: [rows, width / group, (bytes / rows / width) * group],
      });
      const [{ file, offset, bytes }] = places as [WeightLocation];
      if (places.length === 1 && make === undefined)
        return { ...form(bytes), external: { location: file, offset, length: bytes } };
      const all = Buffer.concat(places.map((place) => this.read(place)));
      const raw = make === undefined ? all : make(all);
      return { ...form(raw.length), raw };
    });
  }

  /** The scales or offsets of all groups; one for a whole row is repeated. */
  private numbers({ places, name, width, group }: Blocks, kind: "scales" | "offsets", dims: number[]): string {
    return this.initializer(`block ${kind} ${name}`, () => {
      const length = (place: WeightLocation): number => place.dims[0]! * groupsOf(place) * 4;
      const [only] = places as [WeightLocation];
      if (places.length === 1 && only.group !== undefined)
        return {
          element: "float32",
          dims,
          external: { location: only.file, offset: only[kind]!, length: length(only) },
        };
      const parts = places.map((place) => {
        const raw = this.read({ ...place, offset: place[kind]!, bytes: length(place) });
        return place.group === undefined ? repeated(raw, width / group) : raw;
      });
      return { element: "float32", dims, raw: Buffer.concat(parts) };
    });
  }

  private read({ file, offset, bytes }: WeightLocation): Buffer {
    const fd = openSync(join(this.options.folder, file), "r");
    try {
      return readBytes(fd, offset, bytes);
    } finally {
      closeSync(fd);
    }
  }

  private initializer(name: string, make: () => Omit<ProtoTensor, "name">): string {
    if (!this.added.has(name)) this.b.graph.initializers.push({ name, ...make() });
    this.added.add(name);
    return name;
  }
}

const flipped =
  (bits: number) =>
  (raw: Uint8Array): Uint8Array =>
    raw.map((byte) => byte ^ bits);

/** Makes one byte of each two. */
function pairs(raw: Uint8Array, make: (first: number, second: number) => number): Uint8Array {
  const made = new Uint8Array(raw.length / 2);
  for (let i = 0; i < made.length; i++) made[i] = make(raw[2 * i]!, raw[2 * i + 1]!);
  return made;
}

/** Numbers of fp32, each so many times. */
function repeated(raw: Buffer, times: number): Buffer {
  const made = Buffer.alloc(raw.length * times);
  for (let at = 0; at < raw.length; at += 4) made.fill(raw.subarray(at, at + 4), at * times, (at + 4) * times);
  return made;
}
