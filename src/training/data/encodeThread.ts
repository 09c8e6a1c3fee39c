import { parentPort, workerData } from "node:worker_threads";
import { loadTokenizer } from "../../backbone/tokenizer/tokenizer.ts";
import { sentError } from "../../base/errors.ts";
import type { ReadAs } from "../../experiment/checkPrompt.ts";
import type { Lengths } from "../batch/exampleEncoder.ts";
import { openEncoder } from "../batch/openEncoder.ts";
import { encodeBlock, type BlockEncoder, type EncodeReply, type EncodeTask, type RowTask } from "./encodeBlock.ts";
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
export function openBlockEncoder({ folder, vocabulary, isCausal, task, prompt, lengths }: EncodeSetup): BlockEncoder {
  const tokenizer = loadTokenizer(folder, vocabulary);
  const encoder = openEncoder({ folder, isCausal, tokenizer }, { task, prompt }, lengths);
  return { task, encoder, idBytes: idBytesOf(vocabulary) };
}

/** Answers `EncodeTask`s in this thread, one after another. */
export function serveEncoding(): void {
  let opened: BlockEncoder | undefined;
  let last: Promise<void> = Promise.resolve();
  const answer = async (id: number, task: EncodeTask): Promise<void> => {
    try {
      opened ??= openBlockEncoder(workerData as EncodeSetup);
      const result = await encodeBlock(task, opened);
      const reply: EncodeReply = { id, result };
      parentPort?.postMessage(reply, [result.ids.buffer as ArrayBuffer, result.index.buffer, result.rows.buffer]);
    } catch (error) {
      const reply: EncodeReply = { id, error: sentError(error) };
      parentPort?.postMessage(reply);
    }
  };
  parentPort?.on("message", ({ id, task }: { id: number; task: EncodeTask }) => {
    last = last.then(() => answer(id, task));
  });
}
