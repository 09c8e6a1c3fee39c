import { basename } from "node:path";
import type { Phrase } from "../../base/phrase.ts";
import { chatExample, scoredByLast } from "../../task/chat/loadChatTask.ts";
import type { Example } from "../../task/example.ts";
import { sourceOf, type ExampleSource } from "../../task/exampleSource.ts";
import { exampleMaker } from "../../task/fileExamples.ts";
import { nothingToTrain } from "../../task/loadTask.ts";
import { MOST_LABELS } from "../../task/labels.ts";
import { drawShots, scoringOf } from "../../task/ownScoring.ts";
import { SCORED } from "../../task/splitNames.ts";
import type { Row } from "../../task/rows/row.ts";
import { splitPlaces } from "../../task/split.ts";
import type { SplitName } from "../../task/splitNames.ts";
import { encodeAll, type ExampleEncoder } from "../batch/exampleEncoder.ts";
import { promptShots } from "../batch/promptShots.ts";
import type { RowTask } from "./encodeBlock.ts";
import type { EncodeSetup } from "./encodeThread.ts";
import { EncodeThreads } from "./encodeThreads.ts";
import type { ExampleList } from "../batch/exampleList.ts";
import type { ExampleStore } from "./exampleStore.ts";
import type { DataExperiment, LoadedData, ReadingModel } from "./loadedData.ts";
import { openStore } from "./openStore.ts";
import type { Preparing } from "./preparing.ts";
import { StoredExamples } from "./storedExamples.ts";
import { StoredTargets } from "./storedTargets.ts";

/** Bytes in memory of a stored example: its place, its sizes, its target's hash, its place in the order of an epoch. */
const EXAMPLE = 48;

/** Chosen examples of a store. */
interface Chosen {
  store: ExampleStore;
  rows: Int32Array;
}

/** What makes an example of a row of a file again. */
function remaker(path: string, task: RowTask): (row: Row) => Example {
  if (task.kind === "chat") return (row) => chatExample(path, row, task);
  const usual = exampleMaker(path, task, []);
  // Only of a template do names with braces decide how it is read.
  return (row) => {
    const odd = Object.keys(row.fields).filter((name) => /[{}]/.test(name));
    return (odd.length === 0 ? usual : exampleMaker(path, task, odd))(row);
  };
}

/** Opens the stores of a task's files, each once. */
class Stores {
  private readonly opened = new Map<string, ExampleStore>();
  private threads: EncodeThreads | undefined;

  constructor(
    private readonly setup: EncodeSetup,
    private readonly preparing: Preparing,
  ) {}

  async open(path: string): Promise<ExampleStore> {
    const known = this.opened.get(path);
    if (known !== undefined) return known;
    const store = await openStore(path, {
      setup: this.setup,
      threads: () => (this.threads ??= new EncodeThreads(this.setup)),
      exampleOf: remaker(path, this.setup.task),
      preparing: this.preparing,
    });
    this.opened.set(path, store);
    return store;
  }

  /** What is to be said of the files, by the names that they have now. */
  get notes(): Phrase[] {
    return [...this.opened].flatMap(([path, store]) => store.notesFor(path));
  }

  async endThreads(): Promise<void> {
    await this.threads?.end();
    this.threads = undefined;
  }

  close(): void {
    for (const store of this.opened.values()) store.close();
  }
}

/** The examples of each split: a file of its own, or a seeded fraction of the training file. */
async function chosenOf(task: RowTask, stores: Stores): Promise<Record<SplitName, Chosen>> {
  const store = await stores.open(task.train);
  const shares = {
    seed: task.split.seed,
    validation: task.validation === undefined ? task.split.validation : 0,
    test: task.test === undefined ? task.split.test : 0,
  };
  const drawn = splitPlaces(store.count, shares);
  const split = async (name: "validation" | "test"): Promise<Chosen> => {
    const path = task[name];
    if (path === undefined) return { store, rows: drawn[name] };
    const own = await stores.open(path);
    return { store: own, rows: Int32Array.from({ length: own.count }, (_, at) => at) };
  };
  return { train: { store, rows: drawn.train }, validation: await split("validation"), test: await split("test") };
}

const textsIn = (source: ExampleSource): Example[] =>
  Array.from({ length: source.length }, (_, at) => source.example(at));

/**
 * The examples of a scored split. They are those of the store, unless they are asked otherwise than they are trained:
 * with solved examples before them, or of a conversation the last answer alone.
 */
async function scoredList(
  { store, rows }: Chosen,
  source: ExampleSource,
  { asked, isOther }: { asked: ExampleEncoder; isOther: boolean },
): Promise<{ list: ExampleList; source: ExampleSource }> {
  if (!isOther) return { list: new StoredExamples(store, rows), source };
  const examples = textsIn(source).map(scoredByLast);
  return { list: await encodeAll(examples, asked), source: sourceOf(examples) };
}

/**
 * Loads data that are too large for memory: encoded once into the cache, and read from there example by example.
 * @throws UserError naming file, line and field; PreparationStopped
 */
export async function storedData(
  experiment: DataExperiment & { task: RowTask },
  { folder, vocabulary, isCausal, encoder }: ReadingModel,
  preparing: Preparing,
): Promise<LoadedData> {
  const { task, prompt, training } = experiment;
  const stores = new Stores({ folder, vocabulary, isCausal, task, prompt, lengths: training }, preparing);
  try {
    const chosen = await chosenOf(task, stores);
    await stores.endThreads();
    const limits = { validation: training.validationLimit, test: training.testLimit };
    for (const name of SCORED) chosen[name].rows = chosen[name].rows.slice(0, limits[name]);
    const trained = new StoredTargets(chosen.train.store, chosen.train.rows);
    if (trained.length === 0) throw nothingToTrain();
    const known = trained.counted(MOST_LABELS)?.map(({ text }) => text);
    const { labels, metrics } = scoringOf(task, known ?? Array.from({ length: MOST_LABELS + 1 }, () => ""));
    const drawn = drawShots(task, trained, () => trained.distinct());
    const source = drawn === undefined ? trained : sourceOf(drawn);
    const shots = promptShots(source, labels, experiment);
    const asked = encoder.withShots(shots);
    const how = { asked, isOther: shots.length > 0 || task.kind === "chat" };
    const scored = async (name: "validation" | "test"): ReturnType<typeof scoredList> =>
      scoredList(chosen[name], new StoredTargets(chosen[name].store, chosen[name].rows), how);
    const [validation, test] = [await scored("validation"), await scored("test")];
    const train =
      drawn === undefined ? new StoredExamples(chosen.train.store, chosen.train.rows) : await encodeAll(drawn, encoder);
    return {
      lists: { train, validation: validation.list, test: test.list },
      texts: { train: source, validation: validation.source, test: test.source },
      labels,
      metrics,
      drawn: SCORED.filter((name) => task[name] === undefined),
      notes: stores.notes,
      asked,
      bytes: EXAMPLE * (train.length + validation.list.length + test.list.length),
      keep: {
        folder: chosen.train.store.folder,
        stores: [chosen.train, chosen.validation, chosen.test].map(({ store }) => basename(store.folder)),
      },
      close: () => {
        stores.close();
      },
    };
  } catch (error) {
    stores.close();
    throw error;
  } finally {
    await stores.endThreads();
  }
}
