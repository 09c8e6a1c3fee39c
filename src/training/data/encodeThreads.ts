import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { receivedError } from "../../base/errors.ts";
import type { EncodedBlock, EncodeReply, EncodeTask } from "./encodeBlock.ts";
import type { EncodeSetup } from "./encodeThread.ts";

/** The bundle of the thread: beside the bundle that this file is part of, or in dist/ when this runs from source. */
const ENTRY = new URL(import.meta.url.endsWith(".ts") ? "../../../dist/encode.js" : "./encode.js", import.meta.url);
const MOST_THREADS = 8;
/** Blocks that a thread has at a time: one in work, one waiting. */
const EACH = 2;
/** The memory of a thread's values, in MB: a block and the words it knows. */
const HEAP = 512;

interface Thread {
  worker: Worker;
  waiting: Map<number, { resolve: (block: EncodedBlock) => void; reject: (error: Error) => void }>;
}

/** Threads that encode parts of data files; results come in the order of the parts. */
export class EncodeThreads {
  private readonly threads: Thread[];
  private last = 0;

  constructor(setup: EncodeSetup, count = Math.min(MOST_THREADS, availableParallelism())) {
    this.threads = Array.from({ length: count }, () => started(setup));
  }

  /** Encodes parts as they come, and gives the results in the same order. */
  async *encode(tasks: AsyncIterable<EncodeTask>): AsyncGenerator<EncodedBlock> {
    const running: Promise<EncodedBlock>[] = [];
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

  private ask(task: EncodeTask): Promise<EncodedBlock> {
    const id = ++this.last;
    const { worker, waiting } = this.threads.reduce((least, each) =>
      each.waiting.size < least.waiting.size ? each : least,
    );
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      worker.postMessage({ id, task }, "block" in task ? [task.block.bytes.buffer] : []);
    });
  }
}

function started(setup: EncodeSetup): Thread {
  const worker = new Worker(ENTRY, { workerData: setup, resourceLimits: { maxOldGenerationSizeMb: HEAP } });
  const waiting: Thread["waiting"] = new Map();
  const lost = (error: Error): void => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.on("message", (reply: EncodeReply) => {
    const asked = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ("error" in reply) asked?.reject(receivedError(reply.error));
    else asked?.resolve(reply.result);
  });
  worker.on("error", lost);
  worker.on("exit", (code) => {
    lost(new Error(`a thread that encodes ended (${code})`));
  });
  return { worker, waiting };
}
