import type { OpValue, Value, WeightValue } from "../../graph/value.ts";
import type { OnnxBuilder } from "./onnxBuilder.ts";
import type { WeightLocation } from "../program.ts";

const FLOAT = { to: { i: 1 } };

/**
 * Weights that stay as narrow as they lie: each use widens them anew, and what it made goes with it. Nodes that widen
 * stand first in the file: onnxruntime visits what stands later earlier, so they run right before the product that
 * needs them, and one wide matrix lives at a time.
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

  /** Whether it is such a weight, or one in another shape. */
  has(value: Value): boolean {
    return value.kind === "op" && value.op === "reshape"
      ? this.location(value.inputs[0]) !== undefined
      : this.location(value) !== undefined;
  }

  /** A fresh wide copy for one use. */
  widened(value: Value): string {
    const { b } = this;
    return b.ahead(() => {
      if (value.kind === "op")
        return b.node("Reshape", [this.widened(value.inputs[0]!), b.ints(value.shape.map(Number))]);
      const weight = value as WeightValue;
      const location = this.location(weight)!;
      const raw = this.raw(weight, location);
      if (location.type === "float32") return raw;
      return location.type === "int8"
        ? b.node("DequantizeLinear", [raw, this.scales(weight, location, location.dims.slice(0, 1))], {
            axis: { i: 0 },
          })
        : b.node("Cast", [raw], FLOAT);
    });
  }

  /** The rows of the table that `ids` name: only they are widened. @returns undefined where the table is not narrow */
  rows({ inputs: [table] }: OpValue, ids: string): string | undefined {
    const location = this.location(table);
    const { b } = this;
    if (location === undefined) return undefined;
    const weight = table as WeightValue;
    const rows = b.node("Gather", [this.raw(weight, location), ids], { axis: { i: 0 } });
    if (location.type === "float32") return rows;
    const picked = b.node("Cast", [rows], FLOAT);
    return location.type === "int8"
      ? b.node("Mul", [
          picked,
          b.node("Gather", [this.scales(weight, location, [location.dims[0]!, 1]), ids], { axis: { i: 0 } }),
        ])
      : picked;
  }

  private raw({ name }: WeightValue, { file, offset, bytes, dims, type }: WeightLocation): string {
    return this.initializer(`w:${name}`, () => ({
      element: type,
      dims,
      external: { location: file, offset, length: bytes },
    }));
  }

  private scales({ name }: WeightValue, { file, scales, dims: [rows] }: WeightLocation, dims: number[]): string {
    return this.initializer(`s${dims.length}:${name}`, () => ({
      element: "float32",
      dims,
      external: { location: file, offset: scales!, length: rows! * 4 },
    }));
  }

  private initializer(name: string, make: () => Omit<OnnxBuilder["graph"]["initializers"][number], "name">): string {
    if (!this.added.has(name)) this.b.graph.initializers.push({ name, ...make() });
    this.added.add(name);
    return name;
  }
}
