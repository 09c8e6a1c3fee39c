import type { OpValue, Value } from "../../graph/value.ts";
import type { WeightLocation } from "../program.ts";
import { groupsOf } from "../weightData.ts";

/** Bytes of levels, scales and offsets that a program holds in another order than their file has. */
const MOST_COPIED = 1e9;
/** Group sizes that the kernel has. */
const GROUPS = [256, 128, 64, 32, 16];

/** Matrices with levels of one form that are multiplied by the same x, one below the other. */
export interface Blocks {
  /** Equal names mean equal matrices. */
  name: string;
  products: OpValue[];
  places: WeightLocation[];
  type: "uint4" | "int4" | "int8";
  /** Rows of all. */
  rows: number;
  width: number;
  /** Values that have one scale in the kernel: a stored group, or a part of a row. */
  group: number;
  hasOffsets: boolean;
}

/** The group of a matrix in the kernel; undefined: it has none. */
function groupOf({ group, dims }: WeightLocation): number | undefined {
  const width = dims[1]!;
  return GROUPS.find((each) => (group === undefined || each === group) && width % each === 0);
}

/** A product x W^T alone, where the kernel reads W's levels. */
function alone(value: Value, weights: ReadonlyMap<string, WeightLocation>): Blocks | undefined {
  if (value.kind !== "op" || value.op !== "matmul" || value.attributes.transA || !value.attributes.transB)
    return undefined;
  const weight = value.inputs[1]!;
  const place = weight.kind === "weight" ? weights.get(weight.name) : undefined;
  if (weight.kind !== "weight" || place?.narrow !== true || place.scales === undefined || place.dims.length !== 2)
    return undefined;
  const { type, dims, offsets } = place;
  const group = groupOf(place);
  const isHeld = type === "uint4" || ((type === "int4" || type === "int8") && offsets === undefined);
  if (!isHeld || group === undefined) return undefined;
  const [rows, width] = dims as [number, number];
  const hasOffsets = offsets !== undefined;
  return { name: weight.name, products: [value], places: [place], type, rows, width, group, hasOffsets };
}

const bytesOf = ({ places, hasOffsets }: Blocks): number =>
  places.reduce((sum, place) => sum + place.bytes + place.dims[0]! * groupsOf(place) * (hasOffsets ? 8 : 4), 0);

/**
 * The products that the kernel computes, each with the matrices that it is computed together with.
 * @param order all values of a graph
 */
export function joinedBlocks(
  order: readonly Value[],
  weights: ReadonlyMap<string, WeightLocation>,
): Map<OpValue, Blocks> {
  const numbers = new Map<Value, number>();
  const byForm = new Map<string, Blocks[]>();
  for (const value of order) {
    const blocks = alone(value, weights);
    if (blocks === undefined) continue;
    const x = blocks.products[0]!.inputs[0]!;
    if (!numbers.has(x)) numbers.set(x, numbers.size);
    const { type, width, group, hasOffsets } = blocks;
    const form = [numbers.get(x), type, width, group, hasOffsets].join();
    byForm.set(form, [...(byForm.get(form) ?? []), blocks]);
  }
  const found = new Map<OpValue, Blocks>();
  let copied = 0;
  for (const group of byForm.values()) {
    const bytes = group.reduce((sum, each) => sum + bytesOf(each), 0);
    const isJoined = group.length > 1 && copied + bytes <= MOST_COPIED;
    if (isJoined) copied += bytes;
    for (const blocks of isJoined ? [joined(group)] : group) {
      if (!isJoined && blocks.type !== "uint4") {
        if (copied + bytesOf(blocks) > MOST_COPIED) continue;
        copied += bytesOf(blocks);
      }
      for (const value of blocks.products) found.set(value, blocks);
    }
  }
  return found;
}

const joined = (group: readonly Blocks[]): Blocks => ({
  ...group[0]!,
  name: group.map(({ name }) => name).join(" "),
  products: group.flatMap(({ products }) => products),
  places: group.flatMap(({ places }) => places),
  rows: group.reduce((sum, { rows }) => sum + rows, 0),
});
