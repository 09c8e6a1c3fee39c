import type { TextTokenizer } from "../../backbone/tokenizer/tokenizer.ts";
import { methodOf } from "../../method/registry.ts";
import { rowChunks } from "../../backbone/tokenRows.ts";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { batchesOf } from "../subject/batches.ts";
import { offsetGeometry } from "./offsetGeometry.ts";
import { offsetSize, specificityIndex } from "./offsetStatistics.ts";
import type { Progress } from "../subject/outcomes.ts";
import { embeddedExamples } from "../subject/embeddedExamples.ts";
import { padded } from "../subject/paddedBatch.ts";
import { tokenCounts } from "../subject/tokenCounts.ts";
import type { Subject } from "../subject/subject.ts";
import { neighbours, norm, unitUse, type UnitUse } from "./vocabularyTable.ts";
import type {
  NamedNeighbour,
  Neighbour,
  OffsetExample,
  Offsets,
  TokenOffset,
  VocabularyColumns,
} from "../../protocol/results/offsets.ts";

const TOKEN_ROWS = 40;
const EXAMPLES = 40;
const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Rounds to six significant digits, since the stored table has tens of thousands of rows. */
const short = (x: number): number => Number(x.toPrecision(6));

function vocabularyColumns(
  { table, offsets, width }: Subject["side"],
  counts: ReadonlyMap<number, number>,
  units: UnitUse | undefined,
): VocabularyColumns {
  const columns: VocabularyColumns = {
    norm: [],
    ratio: [],
    active: units && Array.from(units.perToken),
    count: Array.from({ length: table.tokens }, (_, id) => counts.get(id) ?? 0),
  };
  for (const { first, rows } of rowChunks(table)) {
    const added = offsets!.rows(first, first + rows.length / width);
    for (let at = 0; at < rows.length; at += width) {
      const size = norm(added.subarray(at, at + width));
      columns.norm.push(short(size));
      columns.ratio.push(short(size / norm(rows.subarray(at, at + width))));
    }
  }
  return columns;
}

/** A token as text; the vocabulary's piece where it is a part of a character alone. */
async function spelling(tokenizer: TextTokenizer, id: number): Promise<string> {
  const text = await tokenizer.decode([id], false);
  return text.includes("\u{fffd}") ? tokenizer.piece(id) : text;
}

/** The first test texts, with the L2 norm of each token's offset. */
function examplesOf({ side, test, tokenizer }: Subject): Promise<OffsetExample[]> {
  const { offsets, positions, width } = side;
  const places = offsets === undefined ? rowNorms(positions!, width) : [];
  const sizeOf = (id: number, place: number): number =>
    offsets === undefined ? (places[place] ?? 0) : short(norm(offsets.row(id)));
  return Promise.all(
    test.slice(0, EXAMPLES).map(async ({ ids, target }) => {
      return {
        target,
        pieces: await Promise.all(Array.from(ids, (id) => spelling(tokenizer, id))),
        norm: Array.from(ids, sizeOf),
      };
    }),
  );
}

const rowNorms = (rows: Float32Array, width: number): number[] =>
  Array.from({ length: rows.length / width }, (_, i) => short(norm(rows.subarray(i * width, (i + 1) * width))));

/** The tokens of the training texts with the largest offsets, largest first, with their nearest neighbours. */
async function largestOffsets(
  { side, tokenizer, special }: Subject,
  counts: ReadonlyMap<number, number>,
  units: UnitUse | undefined,
): Promise<TokenOffset[]> {
  const { offsets, table } = side;
  if (offsets === undefined) return [];
  const largest = [...counts]
    .filter(([id]) => !special.has(id))
    .map(([id, count]) => ({ id, count, norm: norm(offsets.row(id)) }))
    .sort((a, b) => b.norm - a.norm)
    .slice(0, TOKEN_ROWS);
  const named = (list: readonly Neighbour[]): Promise<NamedNeighbour[]> =>
    Promise.all(list.map(async (each) => ({ ...each, text: await spelling(tokenizer, each.id) })));
  const rows: TokenOffset[] = [];
  const near = neighbours(
    side,
    largest.map(({ id }) => id),
  );
  for (const [at, each] of largest.entries()) {
    const { before, after } = near[at]!;
    rows.push({
      ...each,
      text: await spelling(tokenizer, each.id),
      ratio: each.norm / norm(table.row(each.id)),
      active: units?.perToken[each.id],
      before: await named(before),
      after: await named(after),
    });
  }
  return rows;
}

/**
 * The offsets analysis: sizes with and without padded places (the paper's Table 2), use of the hidden units, and the
 * tokens of the training texts with the largest offsets.
 * @throws UserError for a method without offsets
 */
export async function analyseOffsets(subject: Subject, progress: Progress): Promise<Offsets> {
  const { side, test, train, adapter, experiment } = subject;
  const batches = batchesOf(embeddedExamples(test, side));
  const counts = tokenCounts(embeddedExamples(train, side));
  const { width } = side;
  if (side.offsets === undefined && side.positions === undefined)
    throw new UserError(
      "method-without-offsets",
      phrase`The method "${experiment.method.kind}" has no offsets`,
      phrase`Offsets are those of ADePT and DePT.`,
    );
  // The published code pads every text to maxSourceLength and counts the padding; in a causal model, text and target.
  const window = batches.map((batch) => padded(batch, experiment.training.maxSourceLength, subject.pad));
  const hidden = methodOf(adapter.spec.kind).hiddenLayer?.(adapter);
  const units = hidden && unitUse(side.table, hidden);
  const tokens = await largestOffsets(subject, counts, units);
  progress({ label: "offsets", done: 1, total: 1, metric: undefined });
  return {
    official: offsetSize(side, window, true),
    valid: offsetSize(side, batches, false),
    specificity: specificityIndex(side, batches),
    tokens,
    examples: await examplesOf(subject),
    places: side.positions && rowNorms(side.positions, width),
    vocabulary: side.offsets === undefined ? undefined : vocabularyColumns(side, counts, units),
    geometry: side.offsets === undefined ? undefined : offsetGeometry(side, [...counts.keys()]),
    units: units && { dead: units.dead, total: units.active.length, off: units.off, active: units.active },
    prompt: side.prompt && {
      meanAbs: mean(Array.from(side.prompt, Math.abs)),
      meanL2: mean(
        Array.from({ length: side.prompt.length / width }, (_, i) =>
          norm(side.prompt!.subarray(i * width, (i + 1) * width)),
        ),
      ),
    },
  };
}
