// npm run study: trains the experiments of examples/study and writes docs/study, the report and the runs. With --small
// it trains the smallest part and fails where its numbers are not those of docs/study/small.json.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { isOver } from "../../src/record/record.ts";
import type { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { listRuns } from "../../src/run/directory/runList.ts";
import { differences, numbersOf, type RunNumbers } from "./smallNumbers.ts";
import { StudyWorkspace } from "./studyWorkspace.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const EXAMPLES = join(ROOT, "examples/study");
const DOCS = join(ROOT, "docs/study");
const KEPT = join(DOCS, "small.json");
/** Milliseconds between two looks at the runs. */
const POLL = 2000;

const { values } = parseArgs({
  options: {
    small: { type: "boolean", default: false },
    /** Writes docs/study/small.json instead of comparing with it. */
    write: { type: "boolean", default: false },
    /** The folder of the tasks' data files. */
    data: { type: "string", default: join(ROOT, "../shared/data") },
    /** Where the runs are kept; a second call goes on there. */
    folder: { type: "string", default: join(ROOT, "test/output/study") },
  },
});

/** Waits until the runs of a sweep are over. @throws Error where one has not finished */
async function finished(runsFolder: string, sweep: string): Promise<RunDirectory[]> {
  const own = (): RunDirectory[] => listRuns(runsFolder).filter((run) => run.record().sweep === sweep);
  let before = -1;
  for (;;) {
    const runs = own();
    const over = runs.filter((run) => isOver(run.record().status));
    if (over.length !== before) console.error(`${over.length} of ${runs.length} runs are over`);
    before = over.length;
    if (over.length === runs.length) {
      const failed = runs.filter((run) => run.record().status !== "finished");
      if (failed.length > 0)
        throw new Error(failed.map((run) => `${run.id}: ${run.record().error?.message}`).join("\n"));
      return runs;
    }
    await setTimeout(POLL);
  }
}

async function small(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "adept-study-"));
  try {
    const workspace = new StudyWorkspace(folder);
    const runs = await finished(workspace.runsFolder, workspace.train(join(EXAMPLES, "small.adept.json")));
    const found = runs.map(numbersOf).sort((a, b) => a.method.localeCompare(b.method) || a.seed - b.seed);
    if (values.write) {
      writeFileSync(KEPT, `${JSON.stringify(found, undefined, 2)}\n`);
      return;
    }
    const told = differences(JSON.parse(readFileSync(KEPT, "utf8")) as RunNumbers[], found);
    console.log(told.length === 0 ? `The ${found.length} runs have the numbers of the study.` : told.join("\n"));
    if (told.length > 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function whole(): Promise<void> {
  if (!existsSync(values.data)) throw new Error(`${values.data} is missing: name the folder of the data with --data`);
  const workspace = new StudyWorkspace(values.folder);
  workspace.link("data", resolve(values.data));
  mkdirSync(DOCS, { recursive: true });
  // Latency comes last: its measurements want a machine that does nothing else.
  for (const name of ["tasks", "latency"]) {
    const sweep = workspace.train(join(EXAMPLES, `${name}.adept.json`));
    await finished(workspace.runsFolder, sweep);
    workspace.adept("report", sweep, "--sections", "none", "--out", join(DOCS, `${name}.html`));
  }
  workspace.bundle(join(DOCS, "runs.bundle"));
}

await (values.small ? small() : whole());
