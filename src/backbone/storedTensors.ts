/** The tensors of a weights file, as a family asks for them. */
export interface StoredTensors {
  has(name: string): boolean;
  /** Whether two tensors are both there and hold the same values. */
  isEqual(one: string, other: string): boolean;
}
