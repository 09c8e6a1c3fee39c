import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import type { OpValue, Value, WeightValue } from "../../graph/value.ts";
import type { WeightLocation } from "../program.ts";
import { groupsOf, readBytes } from "../weightData.ts";
import type { OnnxBuilder } from "./onnxBuilder.ts";

/** Bytes of levels that a program holds in another order than their file has; beyond, products widen their matrix. */
const MOST_REORDERED = 1e9;
/** Group sizes that the kernel has. */
const GROUPS = [256, 128, 64, 32, 16];
const FLIP_HALVES = 0x88;
const FLIP_BYTE = 0x80;
/** What the kernel computes with: fp32, or activations rounded to 8 bits in groups. */
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
 * eighth of the bytes. With many rows it is no faster than widening the matrix once.
 */
export class BlockProducts {
  private readonly added = new Set<string>();
  private reordered = 0;

  constructor(
    private readonly b: OnnxBuilder,
    private readonly weights: ReadonlyMap<string, WeightLocation>,
    private readonly options: BlockOptions,
  ) {}

  /**
   * Adds a product x W^T where W's levels have a form that the kernel reads.
   * @param read makes the left side's name
   * @returns the product's name; undefined where it is to be computed in another way
   */
  product(value: OpValue, read: () => string): string | undefined {
    if (value.op !== "matmul" || value.attributes.transA || !value.attributes.transB) return undefined;
    const weight = value.inputs[1]!;
    const location = this.location(weight);
    if (location === undefined) return undefined;
    const placed = { name: (weight as WeightValue).name, location };
    if (location.type === "uint4") return this.between(placed, read(), value.shape.length);
    if (!this.fits(location)) return undefined;
    if (location.type === "int4") return this.signedHalves(placed, read());
    return this.options.products === "rounded" ? this.signedBytes(placed, read()) : this.twoHalves(placed, read());
  }

  /** The place of a matrix with levels whose groups the kernel has. */
  private location(value: Value): WeightLocation | undefined {
    const location = value.kind === "weight" ? this.weights.get(value.name) : undefined;
    if (location?.narrow !== true || location.scales === undefined || location.dims.length !== 2) return undefined;
    const { type, offsets, dims } = location;
    const isBytes = type === "int8" && offsets === undefined;
    if (!isBytes && type !== "int4" && type !== "uint4") return undefined;
    if (type === "int4" && offsets !== undefined) return undefined;
    const group = groupOf(location);
    return group !== undefined && dims[1]! % group === 0 ? location : undefined;
  }

  private fits({ bytes }: WeightLocation): boolean {
    if (this.reordered + bytes > MOST_REORDERED) return false;
    this.reordered += bytes;
    return true;
  }

  /** Levels 0 to 15 as they lie; offsets are multiplied by the sums of x over each group. */
  private between({ name, location }: Placed, x: string, axes: number): string {
    const { b } = this;
    const { dims, offset, bytes, file, offsets } = location;
    const [rows, width] = dims as [number, number];
    const group = groupOf(location)!;
    const levels = this.initializer(`block levels ${name}`, () => ({
      element: "uint8",
      dims: [rows, width / group, group / 2],
      external: { location: file, offset, length: bytes },
    }));
    const product = this.node({ name, location }, x, { levels, bits: 4, isFromZero: true });
    if (offsets === undefined) return product;
    const sums = b.once(`group sums ${group} ${x}`, () =>
      b.node(
        "ReduceSum",
        [b.node("Reshape", [x, b.ints([...new Array<number>(axes - 1).fill(0), width / group, group])]), b.constant("int64", [1], BigInt64Array.of(-1n))],
        { keepdims: { i: 0 } },
      ),
    );
    const added = this.initializer(`block offsets ${name}`, () => ({
      element: "float32",
      dims: [rows, width / group],
      external: { location: file, offset: offsets, length: rows * groupsOf(location) * 4 },
    }));
    return b.node("Add", [
      product,
      b.node("FusedMatMul", [sums, added], { transB: { i: 1 } }, { domain: "com.microsoft" }),
    ]);
  }

  /** Levels -8 to 7: the kernel wants them 8 higher, which turns their highest bit. */
  private signedHalves({ name, location }: Placed, x: string): string {
    const levels = this.levelsOf(`block levels ${name}`, location, (raw) => raw.map((byte) => byte ^ FLIP_HALVES));
    return this.node({ name, location }, x, { levels, bits: 4 });
  }

  private signedBytes({ name, location }: Placed, x: string): string {
    const levels = this.levelsOf(`block levels ${name}`, location, (raw) => raw.map((byte) => byte ^ FLIP_BYTE));
    return this.node({ name, location }, x, { levels, bits: 8 });
  }

  /**
   * A level of 8 bits is 16 times its upper half, -8 to 7, plus its lower half, 0 to 15: the kernel computes exactly
   * with halves alone.
   */
  private twoHalves({ name, location }: Placed, x: string): string {
    const { b } = this;
    const upper = this.levelsOf(`block upper ${name}`, location, (raw) =>
      pairs(raw, (first, second) => ((first ^ FLIP_BYTE) >> 4) | ((second ^ FLIP_BYTE) & 0xf0)),
    );
    const lower = this.levelsOf(`block lower ${name}`, location, (raw) =>
      pairs(raw, (first, second) => (first & 0x0f) | ((second & 0x0f) << 4)),
    );
    const times = b.once(`sixteen ${x}`, () => b.node("Mul", [x, b.float(16)]));
    return b.node("Add", [
      this.node({ name, location }, times, { levels: upper, bits: 4 }),
      this.node({ name, location }, x, { levels: lower, bits: 4, isFromZero: true }),
    ]);
  }

  private node(
    { name, location }: Placed,
    x: string,
    { levels, bits, isFromZero = false }: { levels: string; bits: 4 | 8; isFromZero?: boolean },
  ): string {
    const { b } = this;
    const [rows, width] = location.dims as [number, number];
    const group = groupOf(location)!;
    const scales = this.scales(name, location);
    const bytes = rows * Math.ceil(width / group / 2);
    const zeros = (): string =>
      this.initializer(`block zeros ${bytes}`, () => ({ element: "uint8", dims: [bytes], raw: new Uint8Array(bytes) }));
    return b.node(
      "MatMulNBits",
      [x, levels, scales, ...(isFromZero ? [zeros()] : [])],
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

  /** The scales of all groups; one for a whole row is repeated. */
  private scales(name: string, location: WeightLocation): string {
    const [rows, width] = location.dims as [number, number];
    const group = groupOf(location)!;
    return this.initializer(`block scales ${name}`, () => {
      const dims = [(rows * width) / group];
      const length = rows * groupsOf(location) * 4;
      const external = { location: location.file, offset: location.scales!, length };
      if (location.group !== undefined) return { element: "float32", dims, external };
      const raw = this.read({ ...location, offset: location.scales!, bytes: length });
      const each = new Float32Array(raw.buffer, raw.byteOffset, rows);
      const all = new Float32Array(dims[0]!);
      each.forEach((scale, row) => all.fill(scale, (row * width) / group, ((row + 1) * width) / group));
      return { element: "float32", dims, raw: new Uint8Array(all.buffer) };
    });
  }

  /** Levels in the kernel's order, made of the file's bytes. */
  private levelsOf(name: string, location: WeightLocation, make: (raw: Uint8Array) => Uint8Array): string {
    return this.initializer(name, () => {
      const [rows, width] = location.dims as [number, number];
      const raw = make(this.read(location));
      const group = groupOf(location)!;
      return { element: "uint8", dims: [rows, width / group, (raw.length / rows / width) * group], raw };
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

  private initializer(name: string, make: () => Omit<OnnxBuilder["graph"]["initializers"][number], "name">): string {
    if (!this.added.has(name)) this.b.graph.initializers.push({ name, ...make() });
    this.added.add(name);
    return name;
  }
}

interface Placed {
  name: string;
  location: WeightLocation;
}

/** The values of a row that have one scale in the kernel: a stored group, or a part of a row; undefined: it has none. */
const groupOf = ({ group, dims }: WeightLocation): number | undefined =>
  group === undefined ? GROUPS.find((each) => dims[1]! % each === 0) : GROUPS.find((each) => each === group);

/** Makes one byte of each two. */
function pairs(raw: Uint8Array, make: (first: number, second: number) => number): Uint8Array {
  const made = new Uint8Array(raw.length / 2);
  for (let i = 0; i < made.length; i++) made[i] = make(raw[2 * i]!, raw[2 * i + 1]!);
  return made;
}
