import { UserError } from "../experiment/errors.ts";
import { batchesOf } from "./cases.ts";
import { offsetGeometry, type OffsetGeometry } from "./offsetGeometry.ts";
import { offsetSize, specificityIndex, type OffsetSize } from "./offsetStatistics.ts";
import type { Progress } from "./outcomes.ts";
import { padded } from "./padded.ts";
import { countsOf } from "./positionShift.ts";
import type { Subject } from "./subject.ts";
import { neighbours, norm, unitUse, type Neighbour } from "./vocabularyTable.ts";

export interface TokenRow { id: number; text: string; count: number; norm: number; ratio: number; active: number | undefined; before: Neighbour[]; after: Neighbour[] }
export interface Offsets {
  official: OffsetSize; valid: OffsetSize; specificity: number | undefined; geometry: OffsetGeometry | undefined;
  units: { dead: number; total: number; off: number; active: number[] } | undefined; tokens: TokenRow[]; prompt: { meanAbs: number; meanL2: number } | undefined;
}

const TOKEN_ROWS = 40;
const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Sizes of the offsets ("Table 2") both ways, what the hidden units do, and the tokens with the largest offsets among those seen. */
export async function analyseOffsets(subject: Subject, progress: Progress): Promise<Offsets> {
  const { side, test, train, adapter, tokenizer, experiment } = subject, batches = batchesOf(test), counts = countsOf(train), { width } = side;
  if (side.offsets === undefined && side.positions === undefined) throw new UserError(`The method "${experiment.method.kind}" has no offsets`, "Offsets are those of ADePT and DePT.");
  // The published code pads every text to the full window, and counts the padding.
  const window = batches.map((batch) => padded(batch, experiment.training.maxSourceLength)), down = adapter.parameters.get("w_down")?.data;
  const units = down && unitUse(side.table, width, { down, bias: adapter.parameters.get("b_down")?.data });
  const row = (id: number): Float32Array => side.offsets!.subarray(id * width, (id + 1) * width), frozen = (id: number): Float32Array => side.table.subarray(id * width, (id + 1) * width);
  const seen = side.offsets === undefined ? [] : [...counts].filter(([id]) => id > 2).map(([id, count]) => ({ id, count, norm: norm(row(id)) })).sort((a, b) => b.norm - a.norm).slice(0, TOKEN_ROWS);
  const tokens: TokenRow[] = [];
  for (const each of seen) tokens.push({ ...each, text: await tokenizer.decode([each.id], false), ratio: each.norm / norm(frozen(each.id)), active: units?.perToken[each.id], ...neighbours(side, each.id) });
  progress({ label: "offsets", done: 1, total: 1, metric: undefined });
  return {
    official: offsetSize(side, window, true), valid: offsetSize(side, batches, false), specificity: specificityIndex(side, batches), tokens,
    geometry: side.offsets === undefined ? undefined : offsetGeometry(side, [...counts.keys()]),
    units: units && { dead: units.dead, total: units.active.length, off: units.off, active: units.active },
    prompt: side.prompt && { meanAbs: mean(Array.from(side.prompt, Math.abs)), meanL2: mean(Array.from({ length: side.prompt.length / width }, (_, i) => norm(side.prompt!.subarray(i * width, (i + 1) * width)))) },
  };
}
