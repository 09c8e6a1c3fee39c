import { MersenneTwister, permutation } from "../../base/random.ts";
import { mixSeed } from "../../base/mixSeed.ts";
import type { InputSide } from "../subject/alteredInput.ts";
import { meanOffset, positionalMeans } from "../offsets/offsetStatistics.ts";
import { batchesOf } from "../subject/batches.ts";
import { embeddedExamples } from "../subject/embeddedExamples.ts";
import type { Case } from "../subject/outcomes.ts";
import type { Alter, Subject } from "../subject/subject.ts";
import { norm } from "../offsets/vocabularyTable.ts";

const DRAWS = 5;
const DECILES = 10;
const SCALES = [0, 0.25, 0.5, 0.75, 1.25, 1.5, 2];

/** A permutation of token ids within deciles of their frequency; special tokens stay in place. */
export function shuffledWithinDeciles(
  frequency: ArrayLike<number>,
  seed: number,
  special: ReadonlySet<number>,
): Int32Array {
  const ids = Array.from({ length: frequency.length }, (_, i) => i)
    .filter((id) => !special.has(id))
    .sort((a, b) => frequency[a]! - frequency[b]! || a - b);
  const result = Int32Array.from({ length: frequency.length }, (_, i) => i);
  for (let decile = 0; decile < DECILES; decile++) {
    const inside = ids.slice(
      Math.floor((decile * ids.length) / DECILES),
      Math.floor(((decile + 1) * ids.length) / DECILES),
    );
    const order = permutation(inside.length, mixSeed(seed, decile));
    inside.forEach((id, i) => {
      result[id] = inside[order[i]!]!;
    });
  }
  return result;
}

/**
 * A5: permutes the offsets over the valid places of an example's text. The permutation depends on the text, not on its
 * batch. Tokens behind the text keep their own.
 */
function misaligned(side: InputSide, draw: number): Alter {
  return ({ ids, mask, sourceLength, rows }) => {
    const orders = Array.from({ length: rows }, (_, row) => {
      const own = Array.from(ids.subarray(row * sourceLength, (row + 1) * sourceLength)).filter(
        (__, i) => mask[row * sourceLength + i] !== 0,
      );
      return permutation(own.length, mixSeed(draw, ...own));
    });
    return {
      tokenOffset: ({ row, place, id }) =>
        offsetRow(side, row === undefined ? id : ids[row * sourceLength + (orders[row]![place] ?? place)]!),
    };
  };
}

const offsetRow = ({ offsets }: InputSide, id: number): Float32Array => offsets!.row(id);

/** A8: replaces each token's offset by one of the same length in a random direction. */
function noise(side: InputSide, draw: number): Alter {
  const made = new Map<number, Float32Array>();
  return {
    tokenOffset: ({ id }) => {
      const known = made.get(id);
      if (known !== undefined) return known;
      const random = new MersenneTwister(mixSeed(draw, 8, id));
      const direction = Float32Array.from({ length: side.width }, () => random.normal());
      const scale = norm(offsetRow(side, id)) / norm(direction);
      const row = direction.map((x) => x * scale);
      made.set(id, row);
      return row;
    },
  };
}

/**
 * The counterparts of ADePT's cases for DePT's table of offsets by place, as far as training texts reach: all rows
 * equal to their mean, rows permuted, rows scaled.
 */
function placeCases({ positions, width }: InputSide, train: readonly ArrayLike<number>[]): Case[] {
  const reached = train.reduce((longest, ids) => Math.max(longest, ids.length), 1);
  const rows = Math.min(reached, positions!.length / width);
  const mean = new Float64Array(width);
  for (let place = 0; place < rows; place++)
    for (let i = 0; i < width; i++) mean[i]! += positions![place * width + i]! / rows;
  const made = (rowAt: (place: number) => ArrayLike<number>): Alter => {
    const table = positions!.slice();
    for (let place = 0; place < rows; place++) table.set(rowAt(place), place * width);
    return { positions: table };
  };
  const row = (place: number): Float32Array => positions!.subarray(place * width, (place + 1) * width);
  const permuted = "rows permuted";
  return [
    { label: "one mean row", group: "one mean row", alter: made(() => mean) },
    ...Array.from({ length: DRAWS }, (_, draw) => {
      const order = permutation(rows, mixSeed(draw + 1, 6));
      return { label: `${permuted}, draw ${draw + 1}`, group: permuted, alter: made((place) => row(order[place]!)) };
    }),
    ...SCALES.map((scale) => ({
      label: `A9 offset times ${scale}`,
      group: `A9 offset times ${scale}`,
      alter: { scale },
    })),
  ];
}

/**
 * The cases of the post-hoc specificity analysis, A3 to A9, and their counterparts for DePT. Means and frequencies are
 * those of the training data: of texts, in a causal model of texts and targets.
 */
export function specificityCases({
  side,
  train: examples,
  special,
}: Pick<Subject, "side" | "train" | "special">): Case[] {
  const train = embeddedExamples(examples, side);
  if (side.offsets === undefined)
    return side.positions === undefined
      ? []
      : placeCases(
          side,
          train.map(({ ids }) => ids),
        );
  const batches = batchesOf(train);
  const constant = meanOffset(side, batches);
  const means = positionalMeans(side, batches);
  const frequency = new Float64Array(side.table.tokens);
  for (const { ids } of train) for (const id of Array.from(ids)) frequency[id]!++;
  const draws = (group: string, make: (draw: number) => Alter): Case[] =>
    Array.from({ length: DRAWS }, (_, draw) => ({ label: `${group}, draw ${draw + 1}`, group, alter: make(draw + 1) }));
  return [
    { label: "A3 one constant", group: "A3 one constant", alter: { tokenOffset: () => constant } },
    ...draws("A4 shuffled among tokens", (draw) => {
      const order = shuffledWithinDeciles(frequency, draw, special);
      return { tokenOffset: ({ id }) => offsetRow(side, order[id]!) };
    }),
    ...draws("A5 misaligned in the text", (draw) => misaligned(side, draw)),
    {
      label: "A6 mean by place",
      group: "A6 mean by place",
      alter: { tokenOffset: ({ place }) => means[Math.min(place, means.length - 1)]! },
    },
    ...draws("A8 noise of the same size", (draw) => noise(side, draw)),
    ...SCALES.map((scale) => ({
      label: `A9 offset times ${scale}`,
      group: `A9 offset times ${scale}`,
      alter: { scale },
    })),
  ];
}
