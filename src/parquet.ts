import { parentPort, workerData } from "node:worker_threads";
import { UserError } from "./experiment/errors.ts";
import { parquetGroups } from "./task/parquetGroups.ts";
import type { ParquetTold, ParquetWork } from "./task/parquetRows.ts";

// A thread that reads one Parquet file, and is ended with it.
const tell = (told: ParquetTold): void => { parentPort?.postMessage(told); };

async function read({ path, most }: ParquetWork): Promise<void> {
  tell({ ready: true });
  for await (const part of parquetGroups(path, most)) tell(part);
}

read(workerData as ParquetWork).catch((error: unknown) => {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  tell({ error: { message, stack, action: error instanceof UserError ? error.action : undefined, bug: !(error instanceof UserError) } });
});
