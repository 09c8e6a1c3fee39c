import { primitive } from "../../graph/fused.ts";
import { topological, type InputValue, type OpValue, type Value } from "../../graph/value.ts";
import type { HostTensor, Program, WeightLocation } from "../program.ts";
import type { TensorFlow, TfTensor } from "./tensorflow.ts";
import { TF_LOWERINGS, type Kernel, type TfLowering } from "./tfLowering.ts";
import { TfOperations } from "./tfOperations.ts";
import { TfRun } from "./tfRun.ts";
import type { SharedWeights } from "./sharedWeights.ts";

/** One operation of the program. A place is the index of a value in topological order. */
interface Step {
  kernel: Kernel;
  inputs: readonly number[];
  place: number;
  /** Places whose tensors no later step reads. */
  last: readonly number[];
}
interface Fed {
  name: string;
  place: number;
  value: InputValue;
}
type Weights = ReadonlyMap<string, WeightLocation>;

/**
 * Binds the symbolic dimensions of the inputs to the sizes of the feeds.
 * @throws Error where a feed is missing, or has another shape
 */
function bind(fed: readonly Fed[], feeds: Readonly<Record<string, HostTensor>>): Map<string, number> {
  const symbols = new Map<string, number>();
  for (const {
    name,
    value: { shape },
  } of fed) {
    const feed = feeds[name];
    if (feed === undefined) throw new Error(`the program wants ${name}`);
    const fits =
      feed.dims.length === shape.length &&
      shape.every((dim, i) => {
        const size = feed.dims[i]!;
        const known = typeof dim === "number" ? dim : (symbols.get(dim) ?? size);
        if (typeof dim === "string") symbols.set(dim, size);
        return known === size;
      });
    if (!fits) throw new Error(`${name} is (${feed.dims.join(",")}), the program wants (${shape.join(",")})`);
  }
  return symbols;
}

/**
 * A graph as a list of TensorFlow operations that run one by one; a tensor is freed after the last step that reads it.
 */
export class TfProgram implements Program {
  private readonly operations: TfOperations;
  private readonly fixed = new Map<number, TfTensor>();
  private readonly taken: WeightLocation[] = [];
  private readonly fed: Fed[] = [];
  private readonly steps: Step[] = [];
  private readonly results: {
    name: string;
    place: number;
    /** Whether the tensor belongs to a feed or a constant, so that its values must be copied. */
    lent: boolean;
  }[];

  /** @param outputs a graph that `simplify` has been applied to */
  constructor(
    private readonly tf: TensorFlow,
    private readonly sharedWeights: SharedWeights,
    outputs: Readonly<Record<string, Value>>,
    weights: Weights,
  ) {
    this.operations = new TfOperations(tf);
    const order = topological(Object.values(outputs));
    const places = new Map(order.map((value, place) => [value, place]));
    this.results = Object.entries(outputs).map(([name, value]) => ({
      name,
      place: places.get(value)!,
      lent: value.kind !== "op",
    }));
    const kept = new Set(this.results.map(({ place }) => place));
    const lastUse = new Map<number, number>();
    order.forEach((value, place) => {
      if (value.kind === "op") for (const input of value.inputs) lastUse.set(places.get(input)!, place);
    });
    try {
      order.forEach((value, place) => {
        if (value.kind === "input") this.fed.push({ name: value.name, place, value });
        else if (value.kind === "op") this.steps.push({ ...this.prepared(value, places), place, last: [] });
        else this.fixed.set(place, this.fixedTensor(value, weights));
      });
    } catch (error) {
      this.dispose();
      throw error;
    }
    this.steps.forEach((step, at) => {
      this.steps[at] = {
        ...step,
        last: [...new Set(step.inputs)].filter(
          (place) => lastUse.get(place) === step.place && !kept.has(place) && !this.fixed.has(place),
        ),
      };
    });
  }

  private prepared(value: OpValue, places: ReadonlyMap<Value, number>): { kernel: Kernel; inputs: number[] } {
    const lower = TF_LOWERINGS[primitive(value.op)] as TfLowering<never>;
    return { kernel: lower(this.operations, value as never), inputs: value.inputs.map((input) => places.get(input)!) };
  }

  private fixedTensor(value: Exclude<Value, InputValue | OpValue>, weights: Weights): TfTensor {
    if (value.kind === "constant") return this.operations.constant(value.data, value.shape.map(Number), value.type);
    const location = weights.get(value.name);
    if (location === undefined) throw new Error(`weight ${value.name} is not in the file`);
    const tensor = this.sharedWeights.acquire(location);
    this.taken.push(location);
    return tensor;
  }

  /** Runs the program. TensorFlow's calls are synchronous, so two runs never overlap. */
  run(feeds: Readonly<Record<string, HostTensor>>): Promise<Record<string, HostTensor>> {
    return Promise.resolve().then(() => this.execute(feeds));
  }

  private execute(feeds: Readonly<Record<string, HostTensor>>): Record<string, HostTensor> {
    const run = new TfRun(this.tf, bind(this.fed, feeds));
    const live = new Map<number, TfTensor>();
    try {
      for (const { name, place, value } of this.fed)
        live.set(place, this.tf.tensor(feeds[name]!.data, feeds[name]!.dims, value.type));
      const at = (place: number): TfTensor => live.get(place) ?? this.fixed.get(place)!;
      for (const { kernel, inputs, place, last } of this.steps) {
        live.set(place, kernel(inputs.map(at), run));
        run.sweep();
        for (const gone of last) {
          live.get(gone)!.dispose();
          live.delete(gone);
        }
      }
      return Object.fromEntries(
        this.results.map(({ name, place, lent }) => {
          const data = at(place).dataSync();
          return [name, { data: lent ? data.slice() : data, dims: at(place).shape }];
        }),
      );
    } finally {
      run.end();
      for (const tensor of live.values()) tensor.dispose();
    }
  }

  private dispose(): void {
    this.operations.release();
    for (const location of this.taken.splice(0)) this.sharedWeights.release(location);
  }

  release(): Promise<void> {
    return Promise.resolve().then(() => {
      this.dispose();
    });
  }
}
