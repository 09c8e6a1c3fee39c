import { phrase, type Phrase } from "../base/phrase.ts";
import { permutation } from "../base/random.ts";
import type { TaskSpec } from "../experiment/experiment.ts";
import { CATALOGUE, type TaskDefinition } from "./catalogue.ts";
import type { Example, Splits } from "./example.ts";
import { readsTest } from "./hiddenLabels.ts";
import { splitFiles } from "./splitFiles.ts";
import type { SplitName } from "./splitNames.ts";

type NamedSpec = Extract<TaskSpec, { kind: "named" }>;
/**
 * In large tasks, the number of training rows that the official code holds out for validation; and its seed of every
 * split.
 */
const HELD_OUT = 1000;
export const SPLIT_SEED = 42;
/** The number of training rows above which a task is large, where the official code does not say. */
const LARGE = 10_000;

/** Reads the examples of files, and knows of a test set whose labels are hidden. */
export interface SplitReader {
  read(paths: readonly string[], split: SplitName): Promise<Example[]>;
  /** The file of a test set that was read and has no labels. */
  readonly hidden: string | undefined;
  /** What the user should know of the files. */
  readonly notes: Phrase[];
}

/** The items from one place of an order to another. */
export function pick<T>(items: readonly T[], order: Int32Array, from: number, to?: number): T[] {
  return Array.from(order.slice(from, to), (i) => items[i]!);
}

const halved = (train: Example[], validation: Example[]): Splits => {
  const order = permutation(validation.length, SPLIT_SEED);
  const half = Math.floor(validation.length / 2);
  return { train, validation: pick(validation, order, 0, half), test: pick(validation, order, half) };
};
function heldOut(train: Example[], validation: Example[]): Splits {
  const order = permutation(train.length, SPLIT_SEED);
  return {
    validation: pick(train, order, 0, HELD_OUT),
    train: pick(train, order, HELD_OUT),
    test: validation,
    drawn: ["validation"],
  };
}

/** The official splits of a task, in which no row of the test files is. */
function official(policy: TaskDefinition["policy"], train: Example[], validation: Example[]): Splits {
  return policy === "hold-out" ? heldOut(train, validation) : halved(train, validation);
}

/**
 * The splits where the labels of the test files are hidden. They are the official ones; of MNLI its second validation
 * set is for validation and the first is the test. A task that the official code takes as it is, and a large one of
 * which only some rows are here, is split by its number of rows.
 */
async function withoutTest(spec: NamedSpec, reader: SplitReader, given: Splits): Promise<Splits> {
  const file = reader.hidden!;
  const { train, validation } = given;
  const hides = phrase`${file}: the labels are hidden, as benchmarks publish their test sets`;
  if (validation.length < 2) {
    reader.notes.push(phrase`${hides}. There are no other examples to test on`);
    return given;
  }
  const second = splitFiles(spec.folder, "mismatched");
  if (spec.name === "mnli" && second.length > 0) {
    reader.notes.push(
      phrase`${hides}. As in the official code, the matched validation set is the test set (${validation.length} examples), and the mismatched one is for validation`,
    );
    return { train, validation: await reader.read(second, "validation"), test: validation };
  }
  const { policy } = CATALOGUE[spec.name];
  const isLarge = train.length > LARGE && policy !== "halve";
  const splits = official(isLarge ? "hold-out" : "halve", train, validation);
  const how =
    (policy === "hold-out") === isLarge && policy !== "given"
      ? phrase`As in the official code`
      : phrase`As the official code does with tasks of this size`;
  const counts = phrase`${splits.validation.length} validation and ${splits.test.length} test examples`;
  reader.notes.push(
    isLarge
      ? phrase`${hides}. ${how}, ${HELD_OUT} training examples are for validation and the validation set is the test set: ${counts}`
      : phrase`${hides}. ${how}, the validation set is halved: ${counts}`,
  );
  return splits;
}

/**
 * The splits of a named task: those of its files, or the official ones, which are asked for or take the place of a test
 * set without labels.
 */
export async function namedSplits(spec: NamedSpec, reader: SplitReader): Promise<Splits> {
  const read = (split: SplitName): Promise<Example[]> => reader.read(splitFiles(spec.folder, split), split);
  const train = await read("train");
  const validation = await read("validation");
  const { policy } = CATALOGUE[spec.name];
  if (!readsTest(spec)) return official(policy, train, validation);
  const given = { train, validation, test: await read("test") };
  return reader.hidden === undefined ? given : withoutTest(spec, reader, given);
}
