import type { WeightLocation } from "../program.ts";
import { readWeight } from "../weightData.ts";
import type { TensorFlow, TfTensor } from "./tensorflow.ts";

const keyOf = ({ file, offset, type }: WeightLocation): string => `${type} ${offset} ${file}`;

/**
 * The frozen tensors that the programs of an engine share. Each is copied to TensorFlow once, as fp32, and freed when
 * the last program that uses it is released.
 */
export class SharedWeights {
  private readonly entries = new Map<string, { tensor: TfTensor; users: number }>();

  constructor(private readonly tf: TensorFlow) {}

  acquire(location: WeightLocation): TfTensor {
    const key = keyOf(location);
    const entry = this.entries.get(key) ?? {
      tensor: this.tf.tensor(readWeight(location), location.dims, "float32"),
      users: 0,
    };
    entry.users++;
    this.entries.set(key, entry);
    return entry.tensor;
  }

  release(location: WeightLocation): void {
    const key = keyOf(location);
    const entry = this.entries.get(key);
    if (entry === undefined) throw new Error(`a weight of ${location.file} is released twice`);
    if (--entry.users > 0) return;
    entry.tensor.dispose();
    this.entries.delete(key);
  }
}
