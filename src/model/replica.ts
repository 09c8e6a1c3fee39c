import { Worker } from "node:worker_threads";
import { receivedError } from "../base/errors.ts";
import type { Parameters } from "../method/parameters.ts";
import type { Batch } from "../backbone/batch.ts";
import type { GenerateOptions, StepOptions, TunedModel } from "./model.ts";
import type { ReplicaCall, ReplicaReply } from "./replicaProtocol.ts";
import type { ModelOptions } from "./localModel.ts";

/** The bundle of the thread: beside the bundle that this file is part of, or in dist/ when this runs from source. */
const ENTRY = new URL(import.meta.url.endsWith(".ts") ? "../../dist/replica.js" : "./replica.js", import.meta.url);

/** A copy of a model in another thread, so that several copies compute at the same time and this thread stays free. */
export class Replica implements TunedModel {
  private thread: Worker | undefined;
  private readonly waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  private last = 0;

  constructor(private readonly options: ModelOptions) {}

  step(parameters: Parameters, batch: Batch, options: StepOptions): ReturnType<TunedModel["step"]> {
    return this.ask({ call: "step", parameters, batch, options });
  }
  losses(parameters: Parameters, batch: Batch): ReturnType<TunedModel["losses"]> {
    return this.ask({ call: "losses", parameters, batch });
  }
  generate(parameters: Parameters, batch: Batch, maxTokens: number, options?: GenerateOptions): Promise<number[][]> {
    return this.ask({ call: "generate", parameters, batch, maxTokens, options });
  }
  predict(parameters: Parameters, batch: Batch, maxTokens: number): ReturnType<TunedModel["predict"]> {
    return this.ask({ call: "predict", parameters, batch, maxTokens });
  }
  scoreTargets(parameters: Parameters, batch: Batch, targets: readonly ArrayLike<number>[]): Promise<number[][]> {
    return this.ask({ call: "scoreTargets", parameters, batch, targets });
  }

  async release(): Promise<void> {
    const { thread } = this;
    if (thread === undefined) return;
    await this.ask({ call: "release" });
    this.thread = undefined;
    await thread.terminate();
  }

  /** Starts the thread. */
  private started(): Worker {
    const thread = new Worker(ENTRY, { workerData: this.options });
    thread.on("message", (reply: ReplicaReply) => {
      this.receive(reply);
    });
    thread.on("error", (error) => {
      this.lost(thread, error);
    });
    thread.on("exit", (code) => {
      this.lost(thread, new Error(`a copy of the model ended (${code})`));
    });
    return thread;
  }

  private ask<R>(call: ReplicaCall): Promise<R> {
    const id = ++this.last;
    const thread = (this.thread ??= this.started());
    // The thread keeps the process alive only while a call is unanswered.
    thread.ref();
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      thread.postMessage({ id, ...call });
    });
  }

  private receive(reply: ReplicaReply): void {
    const waiting = this.waiting.get(reply.id);
    if (waiting === undefined) return;
    const { resolve, reject } = waiting;
    this.waiting.delete(reply.id);
    if (this.waiting.size === 0) this.thread?.unref();
    if (!("error" in reply)) {
      resolve(reply.result);
      return;
    }
    reject(receivedError(reply.error));
  }

  /** Rejects all unanswered calls to a thread that has ended; the next call starts another thread. */
  private lost(thread: Worker, error: Error): void {
    if (this.thread !== thread) return;
    this.thread = undefined;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}
