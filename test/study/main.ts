// npm run study: the reports of docs/study, from the runs that are kept there; the runs of examples/study that are not
// kept are trained, and kept. With --small it trains the smallest part and fails where its numbers are not those of
// docs/study/small.json.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { differences, numbersOf, type RunNumbers } from "./smallNumbers.ts";
import { PARTS } from "./studyParts.ts";
import { StudyWorkspace } from "./studyWorkspace.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const EXAMPLES = join(ROOT, "examples/study");
const DOCS = join(ROOT, "docs/study");
const KEPT = join(DOCS, "small.json");

const { values } = parseArgs({
  options: {
    small: { type: "boolean", default: false },
    /** Writes docs/study/small.json instead of comparing with it. */
    write: { type: "boolean", default: false },
    /** Trains all runs, also those that are kept. */
    again: { type: "boolean", default: false },
    /** The folder of the tasks' data files. */
    data: { type: "string", default: join(ROOT, "../shared/data") },
    /** The folder of SmolLM2-135M-Instruct; only training needs it. */
    smollm2: { type: "string", default: join(ROOT, "test/cache/smollm2") },
    /** Where the runs are; a second call goes on there. */
    folder: { type: "string", default: join(ROOT, "test/output/study") },
  },
});

async function small(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "adept-study-"));
  try {
    const runs = await new StudyWorkspace(folder).train(join(EXAMPLES, "small.adept.json"));
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

const bundles = (): string[] =>
  readdirSync(DOCS, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".bundle"))
    .sort()
    .map((name) => join(DOCS, name));

async function whole(): Promise<void> {
  const workspace = new StudyWorkspace(values.folder);
  for (const [name, target] of [
    ["data", values.data],
    ["smollm2", values.smollm2],
  ] as const)
    if (existsSync(target)) workspace.link(name, resolve(target));
    else console.error(`${target} is missing: what is not kept and needs it cannot be trained (--${name} FOLDER)`);
  if (!values.again) workspace.fetch(bundles());
  for (const { name, files, isReported } of PARTS) {
    const runs: RunDirectory[] = [];
    for (const file of files) runs.push(...(await workspace.train(join(EXAMPLES, `${file}.adept.json`))));
    const out = join(DOCS, name);
    if (isReported) workspace.report(`${out}.html`, runs);
    workspace.keep(`${out}.bundle`, runs);
  }
}

await (values.small ? small() : whole());
