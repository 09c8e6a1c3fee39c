import { UserError } from "../experiment/errors.ts";
import type { Batch } from "../training/model.ts";
import { corrected } from "./statistics/corrections.ts";
import { seedInterval, type SeedSummary } from "./statistics/seedInterval.ts";
import { alteredBatch } from "./alteredInput.ts";
import { ablationCases, batchesOf, shiftCases, specificityCases, type Case } from "./cases.ts";
import { differenceOf, type Difference } from "./difference.ts";
import { offsetSize, specificityIndex, type OffsetSize } from "./offsetStatistics.ts";
import { divergence, offsetChange } from "./shiftMeasures.ts";
import { alterationOf, type Alter, type Subject } from "./subject.ts";
import { neighbours, norm, unitUse, type Neighbour } from "./vocabularyTable.ts";

/** Told after each case; throws to end the analysis. */
export type Progress = (told: { label: string; done: number; total: number; metric: number | undefined }) => void;
export interface Outcome { label: string; metrics: Record<string, number>; loss: number }
/** `holmP`: McNemar's exact p, corrected for the number of cases in the table. */
export interface AlteredOutcome extends Outcome { versus: Difference; holmP: number }

export interface Ablation { full: Outcome; cases: AlteredOutcome[] }
export interface Specificity { full: Outcome; index: number | undefined; cases: (AlteredOutcome & { group: string })[]; draws: { group: string; right: SeedSummary }[]; /** (A0 - A3) / (A0 - A1): only when A0 - A1 exceeds its interval */ explained: number | undefined }
export interface Shifted extends AlteredOutcome { test: string; k: number; kl: number; maxLogit: number; encoderChange: number; offsetChange: number | undefined; offsetCosine: number | undefined }
export interface PositionShift { full: Outcome; cases: Shifted[] }
export interface TokenRow { id: number; text: string; count: number; norm: number; ratio: number; active: number | undefined; before: Neighbour[]; after: Neighbour[] }
export interface Offsets { official: OffsetSize; valid: OffsetSize; specificity: number | undefined; units: { dead: number; total: number; off: number; active: number[] } | undefined; tokens: TokenRow[]; prompt: { meanAbs: number; meanL2: number } | undefined }

const TOKEN_ROWS = 40;
const outcome = (label: string, { metrics, loss }: { metrics: Record<string, number>; loss: number }): Outcome => ({ label, metrics, loss });

/** Evaluates each case and holds it against the run as it is. */
async function altered<C extends Case>(subject: Subject, cases: readonly C[], progress: Progress): Promise<{ full: Outcome; cases: (C & AlteredOutcome)[] }> {
  const total = cases.length + 1, reference = await subject.evaluate({}), told = (label: string, done: number, metrics: Record<string, number>): void => { progress({ label, done, total, metric: Object.values(metrics)[0] }); };
  told("as trained", 1, reference.metrics);
  const results: (C & Outcome & { versus: Difference })[] = [];
  for (const each of cases) {
    // A re-indexed method without places has the same input, to the bit.
    const result = changesNothing(subject, each.alter) ? reference : await subject.evaluate(each.alter);
    results.push({ ...each, ...outcome(each.label, result), versus: differenceOf(result, reference) });
    told(each.label, results.length + 1, result.metrics);
  }
  const { holm } = corrected(results.map(({ versus }) => versus.mcnemarP));
  return { full: outcome("as trained", reference), cases: results.map((each, i) => ({ ...each, holmP: holm[i]! })) };
}

const changesNothing = ({ side }: Subject, alter: Alter): boolean => typeof alter !== "function" && alter.layout === "reindex" && side.positions === undefined && alter.tokenOffset === undefined && alter.scale === undefined;
const withoutAlter = <T extends { alter: Alter }>({ alter: _, ...rest }: T): Omit<T, "alter"> => rest;

/** Component ablation, post-hoc. */
export async function analyseAblation(subject: Subject, progress: Progress): Promise<Ablation> {
  const { full, cases } = await altered(subject, ablationCases(subject), progress);
  return { full, cases: cases.map(({ label, metrics, loss, versus, holmP }) => ({ label, metrics, loss, versus, holmP })) };
}

/** Token specificity, post-hoc. @throws UserError for methods without offsets per token */
export async function analyseSpecificity(subject: Subject, progress: Progress): Promise<Specificity> {
  const own = specificityCases(subject);
  if (own.length === 0) throw new UserError(`The method "${subject.experiment.method.kind}" has no offset per token`, "Specificity is asked of ADePT.");
  const { full, cases } = await altered(subject, own, progress), of = (label: string): number => cases.find((each) => each.label === label)!.versus.right.difference;
  const gain = cases.find(({ label }) => label === "A9 offset times 0")!.versus.right;
  const groups = [...new Set(cases.map(({ group }) => group))].map((group) => cases.filter((each) => each.group === group)).filter((each) => each.length > 1);
  return {
    full, index: specificityIndex(subject.side, batchesOf(subject.test)), cases: cases.map(withoutAlter), explained: gain.found && gain.difference < 0 ? of("A3 one constant") / gain.difference : undefined,
    draws: groups.map((each) => ({ group: each[0]!.group, right: seedInterval(each.map(({ versus }) => versus.right.difference)) })),
  };
}

/** First-step logits and encoder states of the text, batch by batch. */
async function responses({ model, side }: Subject, batches: readonly Batch[], alter: Alter): Promise<{ logits: Float32Array[]; states: Float32Array[] }> {
  const logits: Float32Array[] = [], states: Float32Array[] = [], V = model.vocabularySize, d = side.width;
  for (const batch of batches) {
    const first = { ...batch, targetLength: 1, labels: Int32Array.from({ length: batch.rows }, (_, row) => batch.labels[row * batch.targetLength]!) }, made = alteredBatch(first, side, alterationOf(alter, batch));
    const result = await model.forward(new Map(), made), before = made.sourceLength - batch.sourceLength;
    for (let row = 0; row < batch.rows; row++) {
      logits.push((result.logits.data as Float32Array).slice(row * V, (row + 1) * V));
      const valid = batch.mask.subarray(row * batch.sourceLength, (row + 1) * batch.sourceLength).reduce((sum, x) => sum + x, 0), from = row * made.sourceLength + before;
      states.push((result.encoded.data as Float32Array).slice(from * d, (from + valid) * d));
    }
  }
  return { logits, states };
}

const length = (values: Float32Array): number => norm(values);
const apart = (a: Float32Array, b: Float32Array): Float32Array => a.map((x, i) => x - b[i]!);

/** Position shift T1 to T4 over k. Only texts that leave room for the largest shift are used, the same for every k. */
export async function analyseShift(given: Subject, progress: Progress): Promise<PositionShift> {
  const rows = given.side.positions === undefined ? Infinity : given.side.positions.length / given.side.width, cases = shiftCases(fillerOf(given)), most = Math.max(...cases.map(({ k }) => k));
  const test = given.test.filter(({ ids }) => ids.length + most <= rows), subject: Subject = { ...given, test, evaluate: (alter) => given.evaluate(alter, test) };
  if (test.length === 0) throw new UserError(`No test example leaves room for a shift of ${most} in the ${rows} rows of the position table`, "Train with more method.positions than training.maxSourceLength.");
  const found = await altered(subject, cases, progress), batches = batchesOf(test), before = await responses(subject, batches, {});
  const results: Shifted[] = [];
  for (const each of found.cases) {
    const after = changesNothing(subject, each.alter) ? before : await responses(subject, batches, each.alter), moved = offsetChange(subject.side, batches, alterationOf(each.alter, batches[0]!));
    const states = after.states.map((state, i) => length(apart(state, before.states[i]!)) / length(before.states[i]!));
    results.push({
      ...withoutAlter(each), kl: mean(after.logits.map((row, i) => divergence(before.logits[i]!, row))), encoderChange: mean(states),
      maxLogit: after.logits.reduce((max, row, i) => Math.max(max, apart(row, before.logits[i]!).reduce((m, x) => Math.max(m, Math.abs(x)), 0)), 0), offsetChange: moved?.change, offsetCosine: moved?.cosine,
    });
  }
  return { full: found.full, cases: results };
}

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Neutral text: the commonest training tokens that are no specials, commonest first. */
function fillerOf({ train }: Subject): number[] {
  const counts = countsOf(train);
  return [...counts].filter(([id]) => id > 2).sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, 64).map(([id]) => id);
}

function countsOf(examples: Subject["train"]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { ids } of examples) for (const id of Array.from(ids)) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

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
    units: units && { dead: units.dead, total: units.active.length, off: units.off, active: units.active },
    prompt: side.prompt && { meanAbs: mean(Array.from(side.prompt, Math.abs)), meanL2: mean(Array.from({ length: side.prompt.length / width }, (_, i) => norm(side.prompt!.subarray(i * width, (i + 1) * width)))) },
  };
}

/** The batch padded on the right to a window. */
function padded(batch: Batch, window: number): Batch {
  const { rows, sourceLength: from } = batch, sourceLength = Math.max(from, window), ids = new Int32Array(rows * sourceLength), mask = new Float32Array(rows * sourceLength);
  for (let row = 0; row < rows; row++) { ids.set(batch.ids.subarray(row * from, (row + 1) * from), row * sourceLength); mask.set(batch.mask.subarray(row * from, (row + 1) * from), row * sourceLength); }
  return { ...batch, sourceLength, ids, mask };
}

/** Every analysis by its name. */
export const ANALYSES = { ablation: analyseAblation, offsets: analyseOffsets, shift: analyseShift, specificity: analyseSpecificity } as const;
export type AnalysisName = keyof typeof ANALYSES;
