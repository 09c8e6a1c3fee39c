import type { OpValue, Value, WeightValue } from "../../graph/value.ts";
import type { OnnxBuilder } from "./onnxBuilder.ts";
import type { WeightLocation } from "../program.ts";

const FLOAT = { to: { i: 1 } };

/**
 * Weights that stay in their narrow type in memory. Each use widens them again, and the wide copy is freed after it.
 * Widening nodes are placed first in the file: onnxruntime visits later nodes earlier, so each runs right before the
 * product that needs it, and only one wide matrix exists at a time.
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

  /**
   * Adds nodes that look up rows of a narrow table and widen only those.
   * @returns the name of the rows; undefined where the table is not narrow
   */
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
