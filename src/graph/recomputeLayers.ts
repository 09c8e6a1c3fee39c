import { after } from "./ops.ts";
import { simplify } from "./passes.ts";
import { topological, type OpValue, type Value } from "./value.ts";

/** Of values that no layer computes, such as embedded tokens and masks; they are before the first layer. */
const BEFORE = -1;
/** Of values of the backward pass that no gradient has come to. */
const NONE = Infinity;

/** The values of a forward pass by layers. */
class Layers {
  private readonly of = new Map<Value, number>();
  private readonly kept = new Set<Value>();
  private readonly last: number;

  constructor(loss: Value) {
    const order = topological([loss]);
    for (const value of order) this.of.set(value, this.layer(value));
    this.last = Math.max(BEFORE, ...order.map((value) => this.startedBy(value) ?? BEFORE));
    this.kept.add(loss);
    // What another layer reads is kept: it would be needed before the gradients of its own layer are.
    for (const value of order)
      if (value.kind === "op")
        for (const each of value.inputs) if (this.of.get(each) !== this.of.get(value)) this.kept.add(each);
  }

  private layer(value: Value): number {
    if (value.kind !== "op") return BEFORE;
    return Math.max(BEFORE, ...value.inputs.map((each) => this.startedBy(each) ?? this.of.get(each)!));
  }

  /** The layer whose input a value is. */
  startedBy(value: Value): number | undefined {
    return value.kind === "op" ? value.startsLayer : undefined;
  }

  has(value: Value): boolean {
    return this.of.has(value);
  }

  /** The layer whose backward pass computes a value again; undefined: the value is kept. */
  again(value: Value): number | undefined {
    const layer = this.of.get(value);
    const isKept = value.kind !== "op" || this.kept.has(value) || this.startedBy(value) !== undefined;
    return isKept || layer === undefined || layer === BEFORE || layer === this.last ? undefined : layer;
  }

  /** The latest layer whose backward pass can begin once a value of the forward pass is there. */
  ofGradient(value: Value): number {
    const isTail = this.of.get(value) === this.last && value.kind === "op" && value.startsLayer === undefined;
    return this.again(value) ?? (isTail ? this.last : NONE);
  }
}

/** A backward pass whose layers compute again what their forward pass did not keep. */
class Backward {
  private readonly order: readonly OpValue[];
  /** The layer that each value's own gradients are of: the earliest that it reads. */
  private readonly layer = new Map<Value, number>();
  private readonly made = new Map<Value, Value>();
  private readonly inputs = new Map<number, Value>();
  /** By layer, what its backward pass leaves for earlier layers and as results. */
  private readonly left: ReadonlyMap<number, ReadonlySet<Value>>;

  constructor(
    private readonly layers: Layers,
    outputs: readonly Value[],
  ) {
    this.order = topological(outputs).filter((value) => value.kind === "op" && !layers.has(value)) as OpValue[];
    for (const value of this.order) this.layer.set(value, Math.min(...value.inputs.map((each) => this.layerOf(each))));
    this.left = this.leavings(outputs);
  }

  private layerOf(value: Value): number {
    return this.layer.get(value) ?? this.layers.ofGradient(value);
  }

  private leavings(outputs: readonly Value[]): Map<number, Set<Value>> {
    const left = new Map<number, Set<Value>>();
    const leave = (value: Value): void => {
      const layer = this.layer.get(value);
      if (layer !== undefined && layer !== NONE) left.set(layer, (left.get(layer) ?? new Set()).add(value));
    };
    for (const value of this.order)
      for (const each of value.inputs) if (this.layerOf(each) > this.layerOf(value)) leave(each);
    outputs.forEach(leave);
    return left;
  }

  /** The layer's input, which waits for all gradients of the next layer. */
  private inputOf(value: Value, layer: number): Value {
    const known = this.inputs.get(layer);
    if (known !== undefined) return known;
    const next = Math.min(...[...this.left.keys()].filter((each) => each > layer));
    const waited = [...(this.left.get(next) ?? [])].map((each) => this.made.get(each) ?? each);
    const made: Value = waited.length === 0 ? value : { ...(after(value, waited) as OpValue), isRecomputed: true };
    this.inputs.set(layer, made);
    return made;
  }

  /** A value as the backward pass of `layer` reads it. */
  private read(value: Value, layer: number): Value {
    const known = this.made.get(value);
    if (known !== undefined) return known;
    if (value.kind === "op" && value.startsLayer === layer) return this.inputOf(value, layer);
    if (value.kind !== "op" || this.layers.again(value) === undefined) return value;
    return this.recomputed(value, layer);
  }

  private recomputed(value: OpValue, layer: number): Value {
    // Of a layer alone, so the recursion is not deep.
    const { startsLayer: _, ...rest } = value;
    const made = { ...rest, inputs: value.inputs.map((each) => this.read(each, layer)), isRecomputed: true } as OpValue;
    this.made.set(value, made);
    return made;
  }

  /** The values of the pass, made anew. */
  rewritten(): ReadonlyMap<Value, Value> {
    // Gradients of late layers come first: what a layer waits for is made before the layer is.
    const byLayer = new Map<number, OpValue[]>();
    for (const value of this.order)
      byLayer.set(this.layerOf(value), [...(byLayer.get(this.layerOf(value)) ?? []), value]);
    for (const value of [...byLayer.keys()].sort((a, b) => (a < b ? 1 : -1)).flatMap((layer) => byLayer.get(layer)!)) {
      const inputs = value.inputs.map((each) => {
        const layer = this.layers.has(each) ? this.layers.again(each) : undefined;
        return layer === undefined ? (this.made.get(each) ?? each) : this.read(each, layer);
      });
      this.made.set(value, { ...value, inputs });
    }
    return this.made;
  }
}

/**
 * Returns equal outputs whose backward pass goes layer by layer, from the last to the first. Of a layer's forward pass
 * its input is kept, and what other layers read; the rest is computed a second time, once the next layer's gradients
 * are there. So the values of one layer are in memory at a time. What comes before the first layer and behind the last
 * one is kept.
 * @param outputs the loss and gradients
 * @param loss the name of the output that the forward pass computes
 */
export function recomputeLayers(outputs: Readonly<Record<string, Value>>, loss: string): Record<string, Value> {
  const simple = simplify(outputs);
  const layers = new Layers(simple[loss]!);
  const made = new Backward(layers, Object.values(simple)).rewritten();
  return Object.fromEntries(
    Object.entries(simple).map(([name, value]) => [name, layers.has(value) ? value : (made.get(value) ?? value)]),
  );
}
