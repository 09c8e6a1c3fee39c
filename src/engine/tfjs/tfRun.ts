import { dimTerms, factors, type Dim } from "../../graph/dims.ts";
import type { TensorFlow, TfTensor } from "./tensorflow.ts";

/** One run of a program: the sizes of its symbolic dimensions, and the tensors that live no longer than the run. */
export class TfRun {
  private readonly known = new Map<string, TfTensor>();
  private passing: TfTensor[] = [];

  /** @param symbols the size of every symbolic dimension of the inputs */
  constructor(
    private readonly tf: TensorFlow,
    private readonly symbols: ReadonlyMap<string, number>,
  ) {}

  size(dim: Dim): number {
    if (typeof dim === "number") return dim;
    if (dim.includes("*")) return factors(dim).reduce<number>((product, factor) => product * this.size(factor), 1);
    const { symbols, size } = dimTerms(dim);
    return symbols.reduce((sum, symbol) => {
      const found = this.symbols.get(symbol);
      if (found === undefined) throw new Error(`no input has the dimension ${symbol}`);
      return sum + found;
    }, size);
  }

  /** Sizes as an int32 vector. */
  shape(sizes: readonly number[]): TfTensor {
    return this.kept(sizes, [sizes.length]);
  }
  /** One size as an int32 scalar. */
  scalar(size: number): TfTensor {
    return this.kept([size], []);
  }

  private kept(sizes: readonly number[], shape: readonly number[]): TfTensor {
    const key = `${shape.length} ${sizes.join()}`;
    const tensor = this.known.get(key) ?? this.tf.tensor(Int32Array.from(sizes), shape, "int32");
    this.known.set(key, tensor);
    return tensor;
  }

  /** Registers an intermediate tensor of the current operation, which `sweep` frees. */
  readonly pass = (tensor: TfTensor): TfTensor => {
    this.passing.push(tensor);
    return tensor;
  };

  /** Frees the intermediate tensors of the last operation. */
  sweep(): void {
    for (const tensor of this.passing) tensor.dispose();
    this.passing.length = 0;
  }

  end(): void {
    this.sweep();
    for (const tensor of this.known.values()) tensor.dispose();
    this.known.clear();
  }
}
