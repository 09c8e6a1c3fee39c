import type { WeightLocation } from "../../engine/program.ts";
import type { CopySteps } from "./copySteps.ts";

/** A tensor of a weights file of any format. Tensors that are tied in the file are one entry under several names. */
export interface StoredEntry {
  /** The file that messages name. */
  source: string;
  dims: number[];
  /** Its type as safetensors names it, such as "F32", or as GGUF does, such as "Q4_K". */
  dtype: string;
  /** Its length in bytes. */
  bytes: number;
  /** Makes the copy in which its values lie, one function for all tensors of a copy; undefined: they need none. */
  copy?: () => CopySteps<void>;
  /**
   * Where its values lie, row-major, with what differs from the entry where they were converted; the first call may
   * have to convert them.
   */
  place(): { file: string; offset: number } & Partial<WeightLocation>;
}
