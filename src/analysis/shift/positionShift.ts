import { UserError } from "../../base/errors.ts";
import { batchesOf } from "../subject/batches.ts";
import { shiftCases } from "./shiftCases.ts";
import { embeddedExamples } from "../subject/embeddedExamples.ts";
import { altered, inputComparer, withoutAlter, type Progress } from "../subject/outcomes.ts";
import { positionProperties } from "./positionProperties.ts";
import { phrase } from "../../base/phrase.ts";
import { offsetChange } from "./shiftMeasures.ts";
import { ShiftMeter } from "./shiftMeter.ts";
import { tokenCounts } from "../subject/tokenCounts.ts";
import { alterationOf, type Subject } from "../subject/subject.ts";
import type { Moved, PositionShift, Shifted } from "../../protocol/results/positionShift.ts";

/**
 * The position-shift analysis, T0 to T6, at every shift k of SHIFTS. It uses only texts that leave room for the largest
 * shift, so that every k has the same texts.
 * @throws UserError where no text leaves that room
 */
export async function analyseShift(given: Subject, progress: Progress): Promise<PositionShift> {
  const rows = roomOf(given);
  const cases = shiftCases(fillerOf(given));
  const most = Math.max(...cases.map(({ k }) => k));
  const behind = given.side.isCausal === true ? given.experiment.training.maxTargetLength - 1 : 0;
  const examples = given.test.flatMap(({ ids }, i) => (ids.length + behind + most <= rows ? [i] : []));
  const test = examples.length === given.test.length ? given.test : examples.map((i) => given.test[i]!);
  if (test.length === 0)
    throw new UserError(
      "shift-beyond-position-table",
      phrase`No test example leaves room for a shift of ${most} in the ${rows} places that the method or the backbone has`,
      phrase`Train with more method.positions than training.maxSourceLength, or with shorter texts.`,
    );
  const subject: Subject = {
    ...given,
    test,
    evaluate: (alter, options) => given.evaluate(alter, { ...options, examples: test }),
  };
  const meter = new ShiftMeter(subject.side.width);
  const same = inputComparer(subject);
  const batches = batchesOf(embeddedExamples(test, given.side));
  const watch = {
    reference: meter.reference,
    altered: meter.shifted,
    next: (same: boolean): Moved => (same ? meter.still : meter.take()),
  };
  const found = await altered(subject, cases, {
    progress,
    watch,
    same: ({ alter, test: kind }) => kind === "T1" && same(alter),
  });
  const results = found.cases.map((each): Shifted => {
    const offset = offsetChange(subject.side, batches, alterationOf(each.alter, batches[0]!));
    return { ...withoutAlter(each), offsetChange: offset?.change, offsetCosine: offset?.cosine };
  });
  return {
    full: found.full,
    cases: results,
    properties: await positionProperties(subject),
    examples,
    texts: fingerprint(given),
    ...(given.side.isCausal === true && { isCausal: true }),
  };
}

/** The most tokens of a text, an answer included: rows of the position table, and what the backbone was made for. */
function roomOf({ side: { positions, prompt, width, isCausal = false }, model }: Subject): number {
  const rows = positions === undefined ? Infinity : positions.length / width;
  const { longest = Infinity } = model.layout;
  return isCausal ? Math.min(rows, longest - (prompt?.length ?? 0) / width) : rows;
}

/** FNV-1a hash over the token ids of the test split: tells whether two runs have the same test split. */
function fingerprint({ test }: Subject): number {
  let hash = 0x811c9dc5;
  for (const { ids } of test) for (const id of [...Array.from(ids), -1]) hash = Math.imul(hash ^ id, 0x01000193) >>> 0;
  return hash;
}

/** Neutral text: the 64 commonest training tokens without special ones, commonest first. */
function fillerOf({ train, special }: Subject): number[] {
  return [...tokenCounts(train)]
    .filter(([id]) => !special.has(id))
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .slice(0, 64)
    .map(([id]) => id);
}
