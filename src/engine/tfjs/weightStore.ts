import type { WeightLocation } from "../program.ts";
import { readWeight } from "../weightData.ts";
import type { TensorFlow, TfTensor } from "./tensorflow.ts";

const keyOf = ({ file, offset, type }: WeightLocation): string => `${type} ${offset} ${file}`;

/**
 * The frozen tensors of an engine: each is handed to TensorFlow once, as fp32, for all programs that use it, and goes
 * with the last of them.
 */
export class WeightStore {
  private readonly held = new Map<string, { tensor: TfTensor; users: number }>();

  constructor(private readonly tf: TensorFlow) {}

  take(location: WeightLocation): TfTensor {
    const key = keyOf(location);
    const entry = this.held.get(key) ?? {
      tensor: this.tf.tensor(readWeight(location), location.dims, "float32"),
      users: 0,
    };
    entry.users++;
    this.held.set(key, entry);
    return entry.tensor;
  }

  giveBack(location: WeightLocation): void {
    const key = keyOf(location);
    const entry = this.held.get(key);
    if (entry === undefined) throw new Error(`a weight of ${location.file} is given back twice`);
    if (--entry.users > 0) return;
    entry.tensor.dispose();
    this.held.delete(key);
  }
}
