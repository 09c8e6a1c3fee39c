import { dimTerms, factors, type Dim } from "../../graph/dims.ts";
import { topological, type InputValue, type Value } from "../../graph/value.ts";
import { LOWERINGS, type Lowering } from "./onnxLowering.ts";
import { NarrowWeights } from "./onnxNarrow.ts";
import {
  encodeModel,
  type Attribute,
  type Element,
  type ProtoGraph,
  type ProtoNode,
  type ProtoTensor,
} from "./onnxProto.ts";
import type { WeightLocation } from "../program.ts";

/** Collects ONNX nodes; every call returns the name of what it made. */
export class OnnxBuilder {
  readonly graph: ProtoGraph = { nodes: [], initializers: [], inputs: [], outputs: [] };
  private readonly constants = new Map<string, string>();
  private readonly inverses = new Map<string, string>();
  private readonly sizes = new Map<string, string>();
  readonly narrow: NarrowWeights;
  private readonly early: ProtoNode[] = [];
  private isEarly = false;
  private count = 0;

  /** @param normInverse whether the norm's kernel writes its 1 / rms */
  constructor(
    private readonly normInverse: boolean,
    weights: ReadonlyMap<string, WeightLocation>,
  ) {
    this.narrow = new NarrowWeights(this, weights);
  }

  node(
    op: string,
    inputs: string[],
    attributes: Record<string, Attribute> = {},
    domain = "",
    more: string[] = [],
  ): string {
    const output = `v${this.count++}`;
    (this.isEarly ? this.early : this.graph.nodes).push({ op, domain, inputs, output, more, attributes });
    return output;
  }

  /** What `make` makes stands before all other nodes. */
  ahead(make: () => string): string {
    const before = this.isEarly;
    this.isEarly = true;
    try {
      return make();
    } finally {
      this.isEarly = before;
    }
  }

  encode(): Uint8Array {
    return encodeModel({ ...this.graph, nodes: [...this.early, ...this.graph.nodes] });
  }

  /** T5's layer norm; its 1 / rms, which the kernel has at hand, is kept for the gradient, where it writes that. */
  norm(x: string, scale: string, epsilon: number): string {
    if (!this.normInverse)
      return this.node("SimplifiedLayerNormalization", [x, scale], { axis: { i: -1 }, epsilon: { f: epsilon } });
    const inverse = `v${this.count++}`;
    const output = this.node(
      "SimplifiedLayerNormalization",
      [x, scale],
      { axis: { i: -1 }, epsilon: { f: epsilon } },
      "",
      [inverse],
    );
    this.inverses.set(`${x} ${epsilon}`, inverse);
    return output;
  }

  /** 1 / rms of the rows of x, where x has been normed. */
  inverse(x: string, epsilon: number): string | undefined {
    return this.inverses.get(`${x} ${epsilon}`);
  }

  constant(element: Element, dims: number[], data: Float32Array | Int32Array | BigInt64Array): string {
    const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const key = `${element}|${dims.join(",")}|${Buffer.from(raw).toString("base64")}`;
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const name = `c${this.count++}`;
    this.graph.initializers.push({ name, element, dims, raw });
    this.constants.set(key, name);
    return name;
  }

  ints(values: number[]): string {
    return this.constant("int64", [values.length], BigInt64Array.from(values, BigInt));
  }
  float(value: number): string {
    return this.constant("float32", [], Float32Array.of(value));
  }

  /** A one-element int64 vector holding the size of a dimension at run time. */
  size(dim: Dim): string {
    if (typeof dim === "number") return this.ints([dim]);
    if (dim.includes("*"))
      return factors(dim)
        .map((factor) => this.size(factor))
        .reduce((a, b) => this.node("Mul", [a, b]));
    const { symbols, size } = dimTerms(dim);
    const parts = symbols.map((symbol) => this.symbol(symbol));
    if (size !== 0) parts.push(this.ints([size]));
    return parts.reduce((a, b) => this.node("Add", [a, b]));
  }

  shape(dims: readonly Dim[]): string {
    if (dims.every((d) => typeof d === "number")) return this.ints([...dims]);
    return dims.length === 1
      ? this.size(dims[0]!)
      : this.node(
          "Concat",
          dims.map((d) => this.size(d)),
          { axis: { i: 0 } },
        );
  }

  private symbol(name: string): string {
    const known = this.sizes.get(name);
    if (known !== undefined) return known;
    for (const input of this.graph.inputs) {
      const axis = input.dims.indexOf(name);
      if (axis < 0) continue;
      const size = this.node("Shape", [input.name], { start: { i: axis }, end: { i: axis + 1 } });
      this.sizes.set(name, size);
      return size;
    }
    throw new Error(`no input has the dimension ${name}`);
  }
}

function addWeight(b: OnnxBuilder, name: string, location: WeightLocation): string {
  const tensor: ProtoTensor = {
    name: `w:${name}`,
    element: location.type,
    dims: location.dims,
    external: { location: location.file, offset: location.offset, length: location.bytes },
  };
  b.graph.initializers.push(tensor);
  // Half-precision weights stay mapped as they are; onnxruntime widens them once while it folds constants.
  return location.type === "float32" ? tensor.name : b.node("Cast", [tensor.name], { to: { i: 1 } });
}

/**
 * Lowers the graph that `outputs` reach to ONNX.
 * @param normInverse whether the device's norm writes its 1 / rms
 * @returns the model and the inputs it wants
 */
export function lowerToOnnx(
  outputs: Record<string, Value>,
  weights: ReadonlyMap<string, WeightLocation>,
  { normInverse }: { normInverse: boolean },
): { model: Uint8Array; inputs: InputValue[] } {
  const b = new OnnxBuilder(normInverse, weights);
  const order = topological(Object.values(outputs));
  const names = new Map<Value, string>();
  const inputs = order.filter((v): v is InputValue => v.kind === "input");
  for (const v of inputs) b.graph.inputs.push({ name: v.name, element: v.type, dims: [...v.shape] });
  const read = (v: Value): string => names.get(v) ?? b.narrow.widened(v);
  for (const v of order) if (!b.narrow.has(v)) names.set(v, nameOf(v, b, read, weights));
  for (const [name, v] of Object.entries(outputs)) {
    b.graph.nodes.push({ op: "Identity", domain: "", inputs: [read(v)], output: name, attributes: {} });
    b.graph.outputs.push({ name, element: v.type, dims: [...v.shape] });
  }
  return { model: b.encode(), inputs };
}

function nameOf(
  v: Value,
  b: OnnxBuilder,
  read: (v: Value) => string,
  weights: ReadonlyMap<string, WeightLocation>,
): string {
  switch (v.kind) {
    case "input":
      return v.name;
    case "constant":
      return b.constant(v.type, v.shape.map(Number), v.data);
    case "weight": {
      const location = weights.get(v.name);
      if (location === undefined) throw new Error(`weight ${v.name} is not in the file`);
      return addWeight(b, v.name, location);
    }
    case "op": {
      const lower = LOWERINGS[v.op] as Lowering<never>;
      // A table of which few rows are read is not widened.
      const rows = v.op === "gather" ? b.narrow.rows(v, read(v.inputs[1]!)) : undefined;
      return rows ?? lower(b, v.inputs.map(read), v as never);
    }
  }
}
