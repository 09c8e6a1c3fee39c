// node --import busy.mjs: a worker that is started so, and the thread of a Parquet reader, is at work in one call for a minute, soon after its start, and writes its number into the folder ADEPT_BUSY before.
import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { isMainThread } from "node:worker_threads";

function work() {
  writeFileSync(join(process.env["ADEPT_BUSY"], String(process.pid)), process.argv.slice(2).join(" "));
  for (const end = performance.now() + 60_000; performance.now() < end;);
}

const name = basename(process.argv[1] ?? "");
if (isMainThread && ["worker.js", "tokens.js"].includes(name)) setTimeout(work, 300);
if (!isMainThread && name === "parquet.js") work();
