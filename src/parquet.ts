import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { sentError } from "./base/errors.ts";
import { parquetGroups } from "./task/rows/parquetGroups.ts";
import type { ParquetMessage, ParquetRequest } from "./task/rows/parquetProcess.ts";

// A process that reads one Parquet file and then ends. A thread reads; the main thread watches the time and memory that
// this takes, and whether the parent process still waits.
const LOOK_MS = 100;

/** Ends the process at once; an orderly exit would wait for the thread, which may be in an endless loop. */
const leave = (): void => {
  process.kill(process.pid, "SIGKILL");
};
const works = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const toError = (error: unknown): ParquetMessage => ({ error: sentError(error) });

function watch(work: ParquetRequest): void {
  const thread = new Worker(new URL(import.meta.url), {
    workerData: work,
    resourceLimits: { maxOldGenerationSizeMb: work.megabytes },
  });
  const from = works();
  const end = (told: ParquetMessage): void => {
    process.send?.(told, leave);
  };
  thread.on("message", (told: ParquetMessage) => {
    process.send?.(told);
  });
  process.on("message", (next) => {
    thread.postMessage(next);
  });
  thread.once("error", (error: NodeJS.ErrnoException) => {
    end(error.code === "ERR_WORKER_OUT_OF_MEMORY" ? { tooMuch: "memory" } : toError(error));
  });
  setInterval(() => {
    if (works() - from > work.milliseconds) end({ tooMuch: "time" });
  }, LOOK_MS);
}

async function read({ path, most }: ParquetRequest): Promise<void> {
  const tell = (told: ParquetMessage): void => {
    parentPort?.postMessage(told);
  };
  const port = parentPort!;
  try {
    for await (const part of parquetGroups(path, most)) {
      tell(part);
      // The next part is asked for, so that a reader is never ahead of who works on the rows.
      if (part.all === undefined) await once(port, "message");
    }
  } catch (error) {
    tell(toError(error));
  }
  port.close();
}

if (isMainThread) process.once("message", watch).once("disconnect", leave);
else await read(workerData as ParquetRequest);
