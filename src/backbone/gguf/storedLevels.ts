import { packHalves } from "../../engine/narrowing.ts";
import type { WeightType } from "../../engine/program.ts";
import type { Unpacked } from "./ggufBlocks.ts";
import type { GgufTensor } from "./ggufFile.ts";
import { isBlockType, type GgufBlockType } from "./ggufTypes.ts";
import type { TensorChange } from "./tensorChange.ts";

/** How the levels of a block type are stored: a byte or half a byte each, and the values that share a scale. */
interface LevelForm {
  type: Extract<WeightType, "int8" | "int4" | "uint4">;
  group: number;
  hasOffsets: boolean;
}

/** The levels of a block type; those of five and six bits take a byte. */
const LEVELS: Readonly<Record<GgufBlockType, LevelForm>> = {
  Q8_0: { type: "int8", group: 32, hasOffsets: false },
  Q4_0: { type: "int4", group: 32, hasOffsets: false },
  Q4_1: { type: "uint4", group: 32, hasOffsets: true },
  Q5_0: { type: "int8", group: 32, hasOffsets: false },
  Q5_1: { type: "int8", group: 32, hasOffsets: true },
  Q4_K: { type: "uint4", group: 32, hasOffsets: true },
  Q5_K: { type: "int8", group: 32, hasOffsets: true },
  Q6_K: { type: "int8", group: 16, hasOffsets: false },
};

/** Bytes of a scale, and of an offset. */
const SCALE = 4;

/** Tensors whose rows are looked up: engines read rows of whole bytes. */
const TABLES: ReadonlySet<string> = new Set(["token_embd.weight", "position_embd.weight"]);

/**
 * How a tensor is stored for the engines. "direct": as it lies in the GGUF file; "rows": in its own float type, rows in
 * another order; "values": as fp32; "levels": integers with scales.
 */
export type StoredForm = { kind: "direct" } | { kind: "rows" } | { kind: "values" } | ({ kind: "levels" } & LevelForm);

/** The form in which a tensor is stored for the engines; every form has exactly the GGUF file's values. */
export function storedFormOf({ name, type, dims }: GgufTensor, { kind }: TensorChange): StoredForm {
  const keepsRows = kind === "as-is" || kind === "unpermute" || kind === "interleave";
  if (!keepsRows) return { kind: "values" };
  if (!isBlockType(type)) return kind === "as-is" ? { kind: "direct" } : { kind: "rows" };
  if (dims.length !== 2) return { kind: "values" };
  const form = LEVELS[type];
  return { kind: "levels", ...form, ...(TABLES.has(name) && { type: "int8" }) };
}

/** Bytes of a matrix in a form of levels, scales and offsets included. */
export const levelsSize = ({ type, group, hasOffsets }: LevelForm, values: number): number =>
  values * (type === "int8" ? 1 : 0.5) + (values / group) * SCALE * (hasOffsets ? 2 : 1);

/** The bytes of levels in a form. */
export const levelBytes = ({ type }: LevelForm, levels: Unpacked["levels"]): Uint8Array | Int8Array =>
  type === "int8" ? levels : packHalves(levels);
