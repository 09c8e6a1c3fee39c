import type { TensorFlow, TfArray, TfAttribute, TfTensor, TfType } from "./tensorflow.ts";

/** An operation of TensorFlow with its attributes bound; it is called with its inputs. */
export type Call = (...inputs: TfTensor[]) => TfTensor;

const TYPES = { float32: "TF_FLOAT", int32: "TF_INT32", bool: "TF_BOOL" } as const;

/** The operations and constants of one program; constants live until `release`. */
export class TfOperations {
  private readonly constants = new Map<string, TfTensor>();
  private readonly owned: TfTensor[] = [];

  constructor(private readonly tf: TensorFlow) {}

  /**
   * Prepares an operation.
   * @param attributes those that TensorFlow cannot infer from the inputs; a type is given by its name
   */
  call(operation: string, attributes: Readonly<Record<string, TfType | boolean | number>> = {}): Call {
    const backend = this.tf.backend();
    const { binding } = backend;
    const list = Object.entries(attributes).map(([name, value]): TfAttribute => {
      if (typeof value === "string") return { name, type: binding.TF_ATTR_TYPE, value: binding[TYPES[value]] };
      return { name, type: typeof value === "boolean" ? binding.TF_ATTR_BOOL : binding.TF_ATTR_INT, value };
    });
    return (...inputs) => backend.executeSingleOutput(operation, list, inputs);
  }

  constant(data: TfArray, shape: readonly number[], type: TfType): TfTensor {
    const tensor = this.tf.tensor(data, shape, type);
    this.owned.push(tensor);
    return tensor;
  }

  /** An int32 vector; equal ones share a tensor. */
  ints(values: readonly number[]): TfTensor {
    return this.known(`ints ${values.join()}`, () => this.constant(Int32Array.from(values), [values.length], "int32"));
  }
  int(value: number): TfTensor {
    return this.known(`int ${value}`, () => this.constant(Int32Array.of(value), [], "int32"));
  }
  float(value: number): TfTensor {
    return this.known(`float ${value}`, () => this.constant(Float32Array.of(value), [], "float32"));
  }

  private known(key: string, make: () => TfTensor): TfTensor {
    const tensor = this.constants.get(key) ?? make();
    this.constants.set(key, tensor);
    return tensor;
  }

  release(): void {
    for (const tensor of this.owned.splice(0)) tensor.dispose();
    this.constants.clear();
  }
}
