import type { OpValue, Value, WeightValue } from "../../graph/value.ts";
import type { OnnxBuilder } from "./onnxBuilder.ts";
import type { WeightLocation } from "../program.ts";

const FLOAT = { to: { i: 1 } };
/** In the shape that Reshape is given: the size that this axis has. */
const KEPT = 0;

/**
 * Weights that stay in their narrow type in memory. Each use widens them again, and the wide copy is freed after it.
 * Widening nodes are placed first in the file: onnxruntime visits later nodes earlier, so each runs right before the
 * product that needs it, and only one wide matrix exists at a time. onnxruntime
 * keeps a wide matrix of each shape that it knows for all products of a run, to give the next one its place, so shapes
 * are hidden where they can be.
 */
export class NarrowWeights {
  private readonly added = new Set<string>();

  constructor(
    private readonly b: OnnxBuilder,
    private readonly weights: ReadonlyMap<string, WeightLocation>,
  ) {}

  private location(value: Value | undefined): WeightLocation | undefined {
    const location = value?.kind === "weight" ? this.weights.get(value.name) : undefined;
    return location?.narrow === true ? location : undefined;
  }

  /** Whether a value is a narrow weight, or a reshape of one. */
  has(value: Value): boolean {
    return value.kind === "op" && value.op === "reshape"
      ? this.location(value.inputs[0]) !== undefined
      : this.location(value) !== undefined;
  }

  /** Adds nodes that make a wide copy of a narrow weight for one use; returns the copy's name. */
  widened(value: Value): string {
    const { b } = this;
    return b.placed("first", () => {
      if (value.kind === "op")
        return b.node("Reshape", [this.widened(value.inputs[0]!), b.ints(value.shape.map(Number))]);
      const weight = value as WeightValue;
      const location = this.location(weight)!;
      if (location.type === "float32") return this.raw(weight, location, location.dims);
      return b.node("Reshape", [this.wide(weight, location), b.ints(location.dims)]);
    });
  }

  /** The values of a narrow matrix in fp32, in one shape or another. */
  private wide(weight: WeightValue, location: WeightLocation): string {
    const { b } = this;
    const { dims, group, scales, offsets } = location;
    const [rows, width] = dims as [number, number];
    if (group !== undefined) {
      // In groups, since onnxruntime cannot reshape four bits: then matrices of one size have one shape, and one place.
      const groups = (rows * width) / group;
      const levels = this.raw(weight, location, [groups, group]);
      const perGroup = (kind: "s" | "o"): string => this.numbers(kind, weight, location, [groups, 1]);
      const values = b.node("DequantizeLinear", [levels, perGroup("s")], { axis: { i: 1 }, block_size: { i: group } });
      return offsets === undefined ? values : b.node("Add", [values, perGroup("o")]);
    }
    const raw = b.node("Reshape", [this.raw(weight, location, dims), b.hidden(dims)]);
    if (scales === undefined) return b.node("Cast", [raw], FLOAT);
    return b.node("DequantizeLinear", [raw, this.numbers("s", weight, location, [rows])], { axis: { i: 0 } });
  }

  /**
   * Adds nodes that look up rows of a narrow table and widen only those.
   * @returns the name of the rows; undefined where the table is not narrow
   */
  rows({ inputs: [table], shape }: OpValue, ids: string): string | undefined {
    const location = this.location(table);
    const { b } = this;
    if (location === undefined) return undefined;
    const weight = table as WeightValue;
    const [count, width] = location.dims as [number, number];
    const { group = width } = location;
    const isGrouped = group !== width;
    // Of a table with groups, a row is read as (groups, group).
    const raw = this.raw(weight, location, isGrouped ? [count, width / group, group] : location.dims);
    const picked = b.node("Gather", [raw, ids], { axis: { i: 0 } });
    if (location.type === "float32") return picked;
    const found = (kind: "s" | "o"): string =>
      b.node("Gather", [this.numbers(kind, weight, location, [count, ...(isGrouped ? [width / group] : []), 1]), ids], {
        axis: { i: 0 },
      });
    const levels = b.node("Cast", [picked], FLOAT);
    if (location.scales === undefined) return levels;
    const products = b.node("Mul", [levels, found("s")]);
    const sums = location.offsets === undefined ? products : b.node("Add", [products, found("o")]);
    return isGrouped ? b.node("Reshape", [sums, b.ints([...shape.slice(0, -1).map(() => KEPT), width])]) : sums;
  }

  private raw({ name }: WeightValue, { file, offset, bytes, type }: WeightLocation, dims: number[]): string {
    return this.initializer(`w${dims.join()}:${name}`, () => ({
      element: type,
      dims,
      external: { location: file, offset, length: bytes },
    }));
  }

  /** The scales ("s") or offsets ("o") of a weight, in that shape. */
  private numbers(kind: "s" | "o", { name }: WeightValue, location: WeightLocation, dims: number[]): string {
    return this.initializer(`${kind}${dims.join()}:${name}`, () => ({
      element: "float32",
      dims,
      external: {
        location: location.file,
        offset: (kind === "s" ? location.scales : location.offsets)!,
        length: dims.reduce((a, b) => a * b, 4),
      },
    }));
  }

  private initializer(name: string, make: () => Omit<OnnxBuilder["graph"]["initializers"][number], "name">): string {
    if (!this.added.has(name)) this.b.graph.initializers.push({ name, ...make() });
    this.added.add(name);
    return name;
  }
}
