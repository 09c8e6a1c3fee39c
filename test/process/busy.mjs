// node --import busy.mjs: a worker started with this, or the thread of a Parquet reader, soon after its start spends a
// minute in one call. Before it writes its process id into the folder ADEPT_BUSY.
import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { isMainThread } from "node:worker_threads";

function work() {
  writeFileSync(join(process.env["ADEPT_BUSY"], String(process.pid)), process.argv.slice(2).join(" "));
  for (const end = performance.now() + 60_000; performance.now() < end;);
}

// The thread that watches the parent needs this one to start; on a machine with other work that takes a while.
const LATER = 1500;
const name = basename(process.argv[1] ?? "");
if (isMainThread && ["worker.js", "tokens.js"].includes(name)) setTimeout(work, LATER);
if (!isMainThread && name === "parquet.js") work();
