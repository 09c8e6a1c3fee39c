/** The types of tensors that are read. */
export type GgufType = "F32" | "F16" | "BF16" | "Q8_0" | "Q4_0" | "Q4_1" | "Q5_0" | "Q5_1" | "Q4_K" | "Q5_K" | "Q6_K";

/** Types that hold one value after the other, without blocks. */
export type GgufFloat = "F32" | "F16" | "BF16";

/** Types whose values lie in blocks, each with scales of its own. */
export type GgufBlockType = Exclude<GgufType, GgufFloat>;

/** The number of values of a block, and its bytes. */
export interface BlockSize {
  values: number;
  bytes: number;
}

/** The size of a block of each type; a float is a block of one value. */
export const BLOCKS: Readonly<Record<GgufType, BlockSize>> = {
  F32: { values: 1, bytes: 4 },
  F16: { values: 1, bytes: 2 },
  BF16: { values: 1, bytes: 2 },
  Q8_0: { values: 32, bytes: 34 },
  Q4_0: { values: 32, bytes: 18 },
  Q4_1: { values: 32, bytes: 20 },
  Q5_0: { values: 32, bytes: 22 },
  Q5_1: { values: 32, bytes: 24 },
  Q4_K: { values: 256, bytes: 144 },
  Q5_K: { values: 256, bytes: 176 },
  Q6_K: { values: 256, bytes: 210 },
};

/** The number of each type in a file (enum ggml_type of ggml.h); those that ggml has removed are left out. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0, "F32"],
  [1, "F16"],
  [2, "Q4_0"],
  [3, "Q4_1"],
  [6, "Q5_0"],
  [7, "Q5_1"],
  [8, "Q8_0"],
  [9, "Q8_1"],
  [10, "Q2_K"],
  [11, "Q3_K"],
  [12, "Q4_K"],
  [13, "Q5_K"],
  [14, "Q6_K"],
  [15, "Q8_K"],
  [16, "IQ2_XXS"],
  [17, "IQ2_XS"],
  [18, "IQ3_XXS"],
  [19, "IQ1_S"],
  [20, "IQ4_NL"],
  [21, "IQ3_S"],
  [22, "IQ2_S"],
  [23, "IQ4_XS"],
  [24, "I8"],
  [25, "I16"],
  [26, "I32"],
  [27, "I64"],
  [28, "F64"],
  [29, "IQ1_M"],
  [30, "BF16"],
  [34, "TQ1_0"],
  [35, "TQ2_0"],
  [39, "MXFP4"],
  [40, "NVFP4"],
  [41, "Q1_0"],
]);

/** The name of a type, given its number in a file. */
export const typeName = (type: number): string => NAMES.get(type) ?? `type ${type}`;

/** Whether a type, by name, is one of blocks that are read. */
export const isBlockType = (name: string): name is GgufBlockType => isReadType(name) && BLOCKS[name].values > 1;

/** Whether a type, by name, is one that is read. */
export const isReadType = (name: string): name is GgufType => Object.hasOwn(BLOCKS, name);
