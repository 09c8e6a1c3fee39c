/**
 * The part of the API of TensorFlow.js for Node that the engine uses; the packages' own types would add 200 MB of
 * dependencies.
 */
export interface TensorFlow {
  tensor(values: TfArray, shape: readonly number[], type: TfType): TfTensor;
  memory(): { numTensors: number };
  backend(): TfBackend;
  enableProdMode(): void;
}
/** TensorFlow's element types that the engine uses. */
export type TfType = "float32" | "int32" | "bool";
/** The values of a tensor, row-major; a bool is a byte. */
export type TfArray = Float32Array | Int32Array | Uint8Array;

/** A tensor in TensorFlow's memory, which is freed by `dispose` only. */
export interface TfTensor {
  readonly shape: readonly number[];
  dataSync(): TfArray;
  dispose(): void;
}

/** An attribute of an operation, as the binding takes it. */
export interface TfAttribute {
  name: string;
  type: number;
  value: boolean | number;
}

/** TensorFlow.js's backend "tensorflow", which runs any operation of libtensorflow by name. */
export interface TfBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: Readonly<
    Record<"TF_FLOAT" | "TF_INT32" | "TF_BOOL" | "TF_ATTR_TYPE" | "TF_ATTR_BOOL" | "TF_ATTR_INT", number>
  >;
  executeSingleOutput(operation: string, attributes: readonly TfAttribute[], inputs: readonly TfTensor[]): TfTensor;
}
