import { basename } from "node:path";
import type { Phrase } from "../../base/phrase.ts";
import { scoredByLast } from "../../task/chat/loadChatTask.ts";
import type { Example } from "../../task/example.ts";
import { sourceOf, type ExampleSource } from "../../task/exampleSource.ts";
import { nothingToTrain } from "../../task/loadTask.ts";
import { MOST_LABELS } from "../../task/labels.ts";
import { drawShots, scoringOf } from "../../task/ownScoring.ts";
import { DataReview, type ReviewedTask } from "../../task/review/dataReview.ts";
import { SCORED, SPLITS } from "../../task/splitNames.ts";
import { splitPlaces } from "../../task/split.ts";
import type { SplitName } from "../../task/splitNames.ts";
import { encodeAll, type ExampleEncoder } from "../batch/exampleEncoder.ts";
import { promptShots } from "../batch/promptShots.ts";
import type { RowTask } from "./encodeBlock.ts";
import type { EncodeSetup } from "./encodeThread.ts";
import { EncodeThreads } from "./encodeThreads.ts";
import { spreadPlaces, type ExampleList } from "../batch/exampleList.ts";
import type { ExampleStore } from "./exampleStore.ts";
import type { DataExperiment, LoadedData, ReadingModel } from "./loadedData.ts";
import { remadeExample } from "./remadeExample.ts";
import type { ReviewPart } from "./reviewPart.ts";
import { openStore } from "./openStore.ts";
import { untilStopped, type Preparing } from "./preparing.ts";
import { StoredExamples } from "./storedExamples.ts";
import { StoredTargets } from "./storedTargets.ts";

/** Bytes in memory of a stored example: its place, its sizes, its target's hash, its place in the order of an epoch. */
const EXAMPLE = 48;

/** Examples that a thread reviews at a time: joining many small reviews takes longer than making them. */
const LEAST_REVIEWED = 1 << 15;
const MOST_REVIEWED = 1 << 18;

/** Chosen examples of the store of a file. */
interface Chosen {
  path: string;
  store: ExampleStore;
  rows: Int32Array;
}

/** Opens the stores of a task's files, each once. */
class Stores {
  private readonly opened = new Map<string, ExampleStore>();
  private threads: EncodeThreads | undefined;

  constructor(
    private readonly setup: EncodeSetup,
    readonly preparing: Preparing,
  ) {}

  async open(path: string): Promise<ExampleStore> {
    const known = this.opened.get(path);
    if (known !== undefined) return known;
    const store = await openStore(path, {
      setup: this.setup,
      threads: () => this.startedThreads,
      exampleOf: remadeExample(path, this.setup.task),
      preparing: this.preparing,
    });
    this.opened.set(path, store);
    return store;
  }

  get startedThreads(): EncodeThreads {
    return (this.threads ??= new EncodeThreads(this.setup));
  }

  /** What is to be said of the files, by the names that they have now. */
  get notes(): Phrase[] {
    return [...this.opened].flatMap(([path, store]) => store.notesFor(path));
  }

  async endThreads(): Promise<void> {
    await this.threads?.end();
    this.threads = undefined;
  }

  async close(): Promise<void> {
    await this.endThreads();
    for (const store of this.opened.values()) store.close();
  }
}

/**
 * Reviews chosen examples in threads, part by part.
 * @throws PreparationStopped
 */
async function reviewInThreads(
  stores: Stores,
  chosen: Readonly<Record<SplitName, Chosen>>,
  { reviewed, most, asIs }: { reviewed: ReviewedTask; most: number; asIs: boolean },
): Promise<DataReview> {
  const parts = SPLITS.flatMap((split): { review: ReviewPart }[] => {
    const { store, path, rows } = chosen[split];
    const places = spreadPlaces(rows.length, most).map((at) => rows[at]!);
    const share = Math.ceil(places.length / stores.startedThreads.count);
    const size = Math.min(MOST_REVIEWED, Math.max(LEAST_REVIEWED, share));
    const starts = Array.from({ length: Math.ceil(places.length / size) }, (_, at) => at * size);
    return starts.map((from) => ({
      review: { reviewed, split, folder: store.folder, path, rows: places.slice(from, from + size), asIs },
    }));
  });
  const whole = new DataReview(reviewed);
  for await (const state of untilStopped(stores.startedThreads.results(parts), stores.preparing))
    whole.join(new DataReview(reviewed, state));
  return whole;
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
    if (path === undefined) return { path: task.train, store, rows: drawn[name] };
    const own = await stores.open(path);
    return { path, store: own, rows: Int32Array.from({ length: own.count }, (_, at) => at) };
  };
  const train = { path: task.train, store, rows: drawn.train };
  return { train, validation: await split("validation"), test: await split("test") };
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
      // Drawn examples, and those that are asked otherwise, are few.
      ...(drawn === undefined &&
        !how.isOther && {
          review: (reviewed: ReviewedTask, most: number, asIs: boolean) =>
            reviewInThreads(stores, chosen, { reviewed, most, asIs }),
        }),
      bytes: EXAMPLE * (train.length + validation.list.length + test.list.length),
      keep: {
        folder: chosen.train.store.folder,
        stores: [chosen.train, chosen.validation, chosen.test].map(({ store }) => basename(store.folder)),
      },
      endThreads: () => stores.endThreads(),
      close: () => stores.close(),
    };
  } catch (error) {
    await stores.close();
    throw error;
  }
}
