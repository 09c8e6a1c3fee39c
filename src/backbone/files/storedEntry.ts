/** A tensor of a weights file of any format. Tensors that are tied in the file are one entry under several names. */
export interface StoredEntry {
  /** The file that messages name. */
  source: string;
  dims: number[];
  /** Its type as safetensors names it, such as "F32". */
  dtype: string;
  /** Its length in bytes. */
  bytes: number;
  /** Where its values lie, row-major; the first call may have to convert them. */
  place(): { file: string; offset: number };
}
