import { parentPort, workerData } from "node:worker_threads";
import { loadTokenizer, type TextTokenizer } from "../../backbone/tokenizer/tokenizer.ts";
import { sentError, type Bug, type ErrorData } from "../../base/errors.ts";
import type { ReadAs } from "../../experiment/checkPrompt.ts";
import type { Lengths } from "../batch/exampleEncoder.ts";
import { openEncoder } from "../batch/openEncoder.ts";
import type { ReviewState } from "../../task/review/dataReview.ts";
import { readBackBy } from "../readBack.ts";
import { encodeBlock, type BlockEncoder, type EncodedBlock, type EncodeTask, type RowTask } from "./encodeBlock.ts";
import { ExampleStore } from "./exampleStore.ts";
import { remadeExample } from "./remadeExample.ts";
import { reviewPart, type ReviewPart } from "./reviewPart.ts";
import { idBytesOf } from "./exampleRecord.ts";

/** What a thread that encodes is started with. */
export interface EncodeSetup {
  folder: string;
  vocabulary: number;
  isCausal: boolean;
  task: RowTask;
  prompt: ReadAs["prompt"];
  lengths: Lengths;
}

/** @throws UserError where the folder's tokenizer cannot be used */
function openBlockEncoder({
  folder,
  vocabulary,
  isCausal,
  task,
  prompt,
  lengths,
}: EncodeSetup): BlockEncoder & { tokenizer: TextTokenizer } {
  const tokenizer = loadTokenizer(folder, vocabulary);
  const encoder = openEncoder({ folder, isCausal, tokenizer }, { task, prompt }, lengths);
  return { task, tokenizer, encoder, idBytes: idBytesOf(vocabulary) };
}

/** A task of the thread. */
export type ThreadTask = { encode: EncodeTask } | { review: ReviewPart };
/** What comes of a task. */
export type ThreadResult<T extends ThreadTask> = T extends { encode: EncodeTask } ? EncodedBlock : ReviewState;
/** The answer to a task. */
export type ThreadReply = { id: number } & ({ result: EncodedBlock | ReviewState } | { error: ErrorData | Bug });

/** What a thread has opened. */
class OpenedThread {
  private readonly setup = workerData as EncodeSetup;
  private readonly encoder = openBlockEncoder(this.setup);
  private readonly readBack = readBackBy(this.encoder.encoder, this.encoder.tokenizer);
  private readonly stores = new Map<string, ExampleStore>();

  async answer(task: ThreadTask): Promise<{ result: EncodedBlock | ReviewState; moved: ArrayBuffer[] }> {
    if ("review" in task)
      return { result: await reviewPart(task.review, this.storeOf(task.review), this.readBack), moved: [] };
    const result = await encodeBlock(task.encode, this.encoder);
    return { result, moved: [result.ids.buffer as ArrayBuffer, result.index.buffer, result.rows.buffer] };
  }

  private storeOf({ folder, path }: ReviewPart): ExampleStore {
    // Files of the same content have one store, and each its name.
    const key = `${folder} ${path}`;
    const found = this.stores.get(key) ?? ExampleStore.open(folder, remadeExample(path, this.setup.task));
    if (found === undefined) throw new Error(`no examples in ${folder}`);
    this.stores.set(key, found);
    return found;
  }
}

/** Answers tasks in this thread, one after another. */
export function serveEncoding(): void {
  let opened: OpenedThread | undefined;
  let last: Promise<void> = Promise.resolve();
  const answer = async (id: number, task: ThreadTask): Promise<void> => {
    try {
      opened ??= new OpenedThread();
      const { result, moved } = await opened.answer(task);
      const reply: ThreadReply = { id, result };
      parentPort?.postMessage(reply, moved);
    } catch (error) {
      const reply: ThreadReply = { id, error: sentError(error) };
      parentPort?.postMessage(reply);
    }
  };
  parentPort?.on("message", ({ id, task }: { id: number; task: ThreadTask }) => {
    last = last.then(() => answer(id, task));
  });
}
