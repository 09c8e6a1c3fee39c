import { dimTerms, factors, type Dim } from "../../graph/dims.ts";
import { encodeModel, type Attribute, type Element, type ProtoGraph, type ProtoNode } from "./onnxProto.ts";

/** Builds an ONNX graph; every method returns the name of the value that it added. */
export class OnnxBuilder {
  readonly graph: ProtoGraph = { nodes: [], initializers: [], inputs: [], outputs: [] };
  private readonly constants = new Map<string, string>();
  private readonly inverses = new Map<string, string>();
  /** Values that many nodes need, such as sizes, by a key of what they are. */
  private readonly shared = new Map<string, string>();
  /** Nodes that stand before all others, those of `first` before those of `early`. */
  private readonly ahead = { first: [] as ProtoNode[], early: [] as ProtoNode[] };
  private place: "first" | "early" | "here" = "here";
  /** The names of outputs, by those that their values had. */
  private readonly renamed = new Map<string, string>();
  private count = 0;

  /**
   * Whether the processor's kernels compute the graph. Its norm also writes 1 / rms, as a second output; its ScatterND
   * adds on several threads at once, and so loses updates of the same row.
   */
  readonly isProcessor: boolean;
  /** Whether the weight of that name stays in its stored type and is widened at each use. */
  readonly isNarrow: (name: string) => boolean;

  constructor(options: { isProcessor: boolean; isNarrow: (name: string) => boolean }) {
    this.isProcessor = options.isProcessor;
    this.isNarrow = options.isNarrow;
  }

  /** Adds a node. @param more names of outputs after the first @returns the name of its first output */
  node(
    op: string,
    inputs: string[],
    attributes: Record<string, Attribute> = {},
    { domain = "", more = [] }: { domain?: string; more?: string[] } = {},
  ): string {
    const output = `v${this.count++}`;
    const nodes = this.place === "here" ? this.graph.nodes : this.ahead[this.place];
    nodes.push({ op, domain, inputs, output, more, attributes });
    return output;
  }

  /**
   * Places the nodes that `make` adds before all other nodes of the file. onnxruntime visits later nodes earlier, so
   * each of them runs right before the first node that needs it.
   * @param place "first": also before those that are "early", so that they wait for these where a node needs both
   */
  placed(place: "first" | "early", make: () => string): string {
    const before = this.place;
    this.place = place;
    try {
      return make();
    } finally {
      this.place = before;
    }
  }

  /** Makes a value an output of that name. One that a node makes gets the name itself: a node more would copy it. */
  output(name: string, value: string): void {
    const all = [...this.ahead.first, ...this.ahead.early, ...this.graph.nodes];
    const maker = all.find(({ output }) => output === value);
    if (maker === undefined) {
      const input = this.renamed.get(value) ?? value;
      this.graph.nodes.push({ op: "Identity", domain: "", inputs: [input], output: name, attributes: {} });
      return;
    }
    maker.output = name;
    for (const { inputs } of all) inputs.forEach((each, i) => each === value && inputs.splice(i, 1, name));
    this.renamed.set(value, name);
  }

  encode(): Uint8Array {
    return encodeModel({ ...this.graph, nodes: [...this.ahead.first, ...this.ahead.early, ...this.graph.nodes] });
  }

  /**
   * Adds an RMS norm over the last axis. Where the kernel also writes 1 / rms, that output is remembered by its input,
   * and `inverse` gives it to the gradient.
   */
  norm(x: string, scale: string, epsilon: number): string {
    if (!this.isProcessor)
      return this.node("SimplifiedLayerNormalization", [x, scale], { axis: { i: -1 }, epsilon: { f: epsilon } });
    const inverse = `v${this.count++}`;
    const output = this.node(
      "SimplifiedLayerNormalization",
      [x, scale],
      { axis: { i: -1 }, epsilon: { f: epsilon } },
      { more: [inverse] },
    );
    this.inverses.set(`${x} ${epsilon}`, inverse);
    return output;
  }

  /** Cuts x along its last axis into parts of the given sizes. */
  split(x: string, sizes: number[]): string[] {
    const more = sizes.slice(1).map(() => `v${this.count++}`);
    return [this.node("Split", [x, this.ints(sizes)], { axis: { i: -1 } }, { more }), ...more];
  }

  /** The 1 / rms that `norm` had from the kernel for x; undefined where it had none. */
  inverse(x: string, epsilon: number): string | undefined {
    return this.inverses.get(`${x} ${epsilon}`);
  }

  /** Adds a constant, once for equal values. */
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

  /** An int64 vector. */
  ints(values: number[]): string {
    return this.constant("int64", [values.length], BigInt64Array.from(values, BigInt));
  }

  /** A float32 scalar. */
  float(value: number): string {
    return this.constant("float32", [], Float32Array.of(value));
  }

  /** The value of that key, which `make` adds at the first call. */
  once(key: string, make: () => string): string {
    const known = this.shared.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.shared.set(key, made);
    return made;
  }

  /** A one-element int64 vector holding the size of a dimension at run time. */
  size(dim: Dim): string {
    if (typeof dim === "number") return this.ints([dim]);
    return this.once(`size ${dim}`, () => {
      if (dim.includes("*"))
        return factors(dim)
          .map((factor) => this.size(factor))
          .reduce((a, b) => this.node("Mul", [a, b]));
      const { symbols, size } = dimTerms(dim);
      const parts = symbols.map((symbol) => this.symbol(symbol));
      if (size !== 0) parts.push(this.ints([size]));
      return parts.reduce((a, b) => this.node("Add", [a, b]));
    });
  }

  /** An int64 vector that holds a shape at run time. */
  shape(dims: readonly Dim[]): string {
    if (dims.every((d) => typeof d === "number")) return this.ints([...dims]);
    if (dims.length === 1) return this.size(dims[0]!);
    const sizes = dims.map((d) => this.size(d));
    return this.once(`shape ${dims.join()}`, () => this.node("Concat", sizes, { axis: { i: 0 } }));
  }

  /** An int64 vector that holds known sizes, which nobody can know before the graph runs. */
  hidden(dims: readonly number[]): string {
    const input = this.graph.inputs.find(({ dims: own }) => own.length > 0);
    if (input === undefined) return this.ints([...dims]);
    const zero = this.once("hidden zero", () => {
      const size = this.node("Shape", [input.name], { start: { i: 0 }, end: { i: 1 } });
      return this.node("Mul", [size, this.ints([0])]);
    });
    return this.once(`hidden ${dims.join()}`, () => this.node("Add", [this.ints([...dims]), zero]));
  }

  private symbol(name: string): string {
    return this.once(`symbol ${name}`, () => {
      for (const input of this.graph.inputs) {
        const axis = input.dims.indexOf(name);
        if (axis >= 0) return this.node("Shape", [input.name], { start: { i: axis }, end: { i: axis + 1 } });
      }
      throw new Error(`no input has the dimension ${name}`);
    });
  }
}
