import { availableCores } from "../../base/availableCores.ts";
import { Worker } from "node:worker_threads";
import { receivedError } from "../../base/errors.ts";
import type { ReviewState } from "../../task/review/dataReview.ts";
import type { EncodedBlock } from "./encodeBlock.ts";
import type { EncodeSetup, ThreadReply, ThreadResult, ThreadTask } from "./encodeThread.ts";

/** The bundle of the thread: beside the bundle that this file is part of, or in dist/ when this runs from source. */
const ENTRY = new URL(import.meta.url.endsWith(".ts") ? "../../../dist/encode.js" : "./encode.js", import.meta.url);
const MOST_THREADS = 8;
/** Blocks that a thread has at a time: one in work, one waiting. */
const EACH = 2;
/** The memory of a thread's values, in MB: a block and the words it knows. */
const HEAP = 512;

interface Thread {
  worker: Worker;
  /** Why it has ended, if it has. */
  dead: Error | undefined;
  waiting: Map<number, { resolve: (result: EncodedBlock | ReviewState) => void; reject: (error: Error) => void }>;
}

/** Threads that encode and review parts of data; results come in the order of the parts. */
export class EncodeThreads {
  private readonly threads: Thread[];
  private last = 0;

  constructor(setup: EncodeSetup, count = Math.min(MOST_THREADS, availableCores())) {
    this.threads = Array.from({ length: count }, () => started(setup));
  }

  get count(): number {
    return this.threads.length;
  }

  /** Does tasks as they come, and gives the results in the same order. */
  async *results<T extends ThreadTask>(tasks: AsyncIterable<T> | Iterable<T>): AsyncGenerator<ThreadResult<T>> {
    const running: Promise<ThreadResult<T>>[] = [];
    for await (const task of tasks) {
      running.push(this.ask(task));
      // An error is thrown when its turn comes; until then it is not unhandled.
      running.at(-1)!.catch(() => undefined);
      if (running.length >= this.threads.length * EACH) yield await running.shift()!;
    }
    for (const result of running) yield await result;
  }

  async end(): Promise<void> {
    await Promise.all(this.threads.map(({ worker }) => worker.terminate()));
  }

  private ask<T extends ThreadTask>(task: T): Promise<ThreadResult<T>> {
    const id = ++this.last;
    const { worker, waiting } = this.threads.reduce((least, each) =>
      each.waiting.size < least.waiting.size ? each : least,
    );
    const gone = this.threads.find(({ dead }) => dead !== undefined)?.dead;
    if (gone !== undefined) return Promise.reject(gone);
    return new Promise((resolve, reject) => {
      // A thread keeps the process alive only while a task is unanswered.
      worker.ref();
      waiting.set(id, { resolve: resolve as (result: EncodedBlock | ReviewState) => void, reject });
      const moved = "encode" in task && "block" in task.encode ? [task.encode.block.bytes.buffer] : [];
      worker.postMessage({ id, task }, moved);
    });
  }
}

function started(setup: EncodeSetup): Thread {
  const worker = new Worker(ENTRY, { workerData: setup, resourceLimits: { maxOldGenerationSizeMb: HEAP } });
  worker.unref();
  const waiting: Thread["waiting"] = new Map();
  const thread: Thread = { worker, waiting, dead: undefined };
  const lost = (error: Error): void => {
    thread.dead ??= error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.on("message", (reply: ThreadReply) => {
    const asked = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (waiting.size === 0) worker.unref();
    if ("error" in reply) asked?.reject(receivedError(reply.error));
    else asked?.resolve(reply.result);
  });
  worker.on("error", lost);
  worker.on("exit", (code) => {
    lost(new Error(`a thread that encodes ended (${code})`));
  });
  return thread;
}
