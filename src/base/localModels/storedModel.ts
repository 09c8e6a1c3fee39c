/** A GGUF model on disk. */
export interface StoredModel {
  /** As its program shows it. */
  name: string;
  /** The file, or the first of several. */
  path: string;
  /** Bytes of all its files. */
  bytes: number;
}
