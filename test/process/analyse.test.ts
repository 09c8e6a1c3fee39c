import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startAnalysis } from "../../src/executor/startWorker.ts";
import { foldEvents } from "../../src/record/foldEvents.ts";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { runAnalyses } from "../../src/worker/analyse/analysisJob.ts";
import type { Ablation } from "../../src/protocol/results/ablation.ts";
import type { Offsets } from "../../src/protocol/results/offsets.ts";
import type { PositionShift } from "../../src/protocol/results/positionShift.ts";
import type { Specificity } from "../../src/protocol/results/specificity.ts";
import type { Stability } from "../../src/protocol/results/stability.ts";
import { checkAblation, checkOffsets, checkShift, checkStability } from "./analysisChecks.ts";
import { adept, CLI, git, runPath, workspace } from "./analysedWorkspace.ts";

const FOUR = ["ablation", "offsets", "position-shift", "specificity"];
interface Done {
  name: string;
  cached: boolean;
  result: unknown;
}
const analysed = <T>(done: Done[], name: string): T => done.find((each) => each.name === name)!.result as T;

function checkReport(folder: string): void {
  const files = JSON.parse(adept(folder, "report", "latest", "--json")) as {
    html: string;
    markdown: string;
    latex: string;
  };
  const [html, markdown, latex] = [files.html, files.markdown, files.latex].map((path) =>
    readFileSync(path, "utf8"),
  ) as [string, string, string];
  for (const text of [html, markdown])
    for (const wanted of [
      /Component ablation/,
      /T3 k=16/,
      /A5 misaligned/,
      new RegExp(foldEvents(readJournal(runPath(folder)).events).resultCommit!),
      /training\.learningRate\.prompt/,
    ])
      assert.match(text, wanted);
  assert.match(latex, /\\begin\{tabular\}/);
  assert.doesNotMatch(html, /(src|href)=|<script/);
}

test("a run of ADePT is analysed, told in its journal, committed, and not computed twice; its report has it all", (t) => {
  const folder = workspace(t, { kind: "adept", promptLength: 3, bottleneck: 4 });
  const before = foldEvents(readJournal(runPath(folder)).events).resultCommit;
  const done = JSON.parse(adept(folder, "analyse", "latest", ...FOUR, "stability", "--json")) as Done[];
  assert.deepEqual(
    done.map(({ name, cached }) => [name, cached]),
    [
      ["ablation", false],
      ["offsets", false],
      ["position-shift", false],
      ["specificity", false],
      ["stability", false],
    ],
  );
  const ablation = analysed<Ablation>(done, "ablation");
  const shift = analysed<PositionShift>(done, "position-shift");
  const specificity = analysed<Specificity>(done, "specificity");
  const offsets = analysed<Offsets>(done, "offsets");
  const record = foldEvents(readJournal(runPath(folder)).events);
  checkAblation(ablation, record);
  checkShift(shift);
  assert.ok(Math.abs(specificity.index! - 1) < 1e-6);
  checkStability(analysed<Stability>(done, "stability"));
  assert.equal(
    specificity.cases.find(({ label }) => label === "A9 offset times 0")!.loss,
    ablation.cases.find(({ label }) => label === "FFN off")!.loss,
  );
  checkOffsets(offsets);

  assert.deepEqual(Object.fromEntries(Object.entries(record.analyses).map(([name, { status }]) => [name, status])), {
    ablation: "finished",
    offsets: "finished",
    "position-shift": "finished",
    specificity: "finished",
    stability: "finished",
  });
  assert.notEqual(record.resultCommit, before);
  const id = readdirSync(join(folder, ".adept/runs"))[0]!;
  assert.match(git(folder, "ls-tree", "-r", "--name-only", `refs/adept/runs/${id}`), /analysis\/position-shift\.json/);
  assert.ok(
    (JSON.parse(adept(folder, "analyse", "latest", ...FOUR, "--json")) as Done[]).every(({ cached }) => cached),
  );
  assert.ok(
    (
      JSON.parse(adept(folder, "analyse", "latest", "--only", "ablation", "--examples", "10", "--json")) as Done[]
    ).every(({ cached }) => !cached),
  );

  checkReport(folder);
});

test("DePT's places count: T1 changes it, T2 changes it the same way; a method inside the backbone is told it has nothing to analyse", (t) => {
  const folder = workspace(t, { kind: "dept", promptLength: 3, rank: 4, positions: 300 });
  const done = JSON.parse(
    adept(folder, "analyse", "latest", "--only", "position-shift,offsets,specificity,ablation", "--json"),
  ) as Done[];
  const shift = analysed<PositionShift>(done, "position-shift");
  for (const k of [1, 4, 16]) {
    const [t1, t2] = ["T1", "T2"].map((kind) => shift.cases.find((each) => each.test === kind && each.k === k)!);
    assert.ok(t1!.offsetChange! > 0.1 && t1!.maxLogit > 1e-3);
    assert.ok(Math.abs(t1!.loss / t2!.loss - 1) < 1e-4, `${t1!.loss} and ${t2!.loss}`);
  }
  // DePT's offset is the place's, whoever stands there.
  assert.ok(
    shift.properties.acrossPlaces > 1e-3 &&
      shift.properties.withinType > 0 &&
      shift.properties.acrossTokens < 1e-5 * shift.properties.largest + 1e-6 &&
      shift.properties.promptChange === 0,
  );
  assert.ok(analysed<Offsets>(done, "offsets").specificity! < 1);
  // Scaled by nothing is DePT without its table; all rows one, or permuted, is another model.
  const specificity = analysed<Specificity>(done, "specificity");
  const lossOf = (label: string): number => specificity.cases.find((each) => each.label === label)!.loss;
  assert.equal(
    lossOf("A9 offset times 0"),
    analysed<Ablation>(done, "ablation").cases.find(({ label }) => label === "positions off")!.loss,
  );
  assert.equal(
    new Set([
      specificity.full.loss,
      lossOf("one mean row"),
      lossOf("rows permuted, draw 1"),
      lossOf("rows permuted, draw 2"),
    ]).size,
    4,
  );
  const lora = workspace(t, { kind: "pt", promptLength: 3 });
  assert.deepEqual(
    (JSON.parse(adept(lora, "analyse", "ablation", "offsets", "position-shift", "--json")) as Done[]).map(
      ({ name }) => name,
    ),
    ["ablation", "position-shift"],
  );
});

test("an interrupt ends an analysis without a result, and a run without an adapter is refused", async (t) => {
  const folder = workspace(t, { kind: "pt", promptLength: 3 });
  const child = spawn(process.execPath, [CLI, "analyse", "latest", "--only", "position-shift"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  child.stderr.once("data", () => {
    setTimeout(() => {
      child.kill("SIGINT");
    }, 300);
  });
  assert.equal(await new Promise((resolve) => child.once("exit", resolve)), 130);
  assert.equal(existsSync(join(runPath(folder), "analysis/position-shift.json")), false);
  assert.equal(
    foldEvents(readJournal(runPath(folder)).events).analyses["position-shift"]?.status ?? "stopped",
    "stopped",
  );
  rmSync(join(runPath(folder), "adapter"), { recursive: true });
  const { status, stderr } = spawnSync(process.execPath, [CLI, "analyse", "latest"], { cwd: folder, encoding: "utf8" });
  assert.equal(status, 1);
  assert.match(stderr, /nothing to analyse yet/);
});

test("analyses that the experiment asks for are made by its worker and in its one result commit; the report has seeds and the control", (t) => {
  const folder = workspace(t, { kind: "pt", promptLength: 3 });
  const experiment = JSON.parse(readFileSync(join(folder, "w.adept.json"), "utf8")) as Record<string, unknown>;
  const { method: _, ...rest } = experiment;
  writeFileSync(
    join(folder, "s.adept.json"),
    JSON.stringify({
      ...rest,
      training: { ...(rest["training"] as object), steps: 8, learningRate: {} },
      seeds: [0, 1],
      sweep: {
        methods: [
          { kind: "adept", promptLength: 2, bottleneck: 2 },
          { kind: "pt", promptLength: 3 },
          { kind: "lora", rank: 1 },
        ],
      },
      analyses: ["ablation", "position-shift", "stability"],
    }),
  );
  const { runs } = JSON.parse(adept(folder, "train", "s.adept.json", "--json")) as {
    runs: {
      id: string;
      method: string;
      status: string;
      analyses: Record<string, { status: string }>;
      warnings: string[];
    }[];
  };
  for (const { id, method, status, analyses, warnings } of runs) {
    assert.deepEqual([status, warnings.filter((warning) => warning.includes("left out"))], ["finished", []]);
    assert.deepEqual(
      Object.fromEntries(Object.entries(analyses).map(([name, { status: stands }]) => [name, stands])),
      method === "lora"
        ? { stability: "finished" }
        : { ablation: "finished", "position-shift": "finished", stability: "finished" },
    );
    const files = git(folder, "ls-tree", "-r", "--name-only", `refs/adept/runs/${id}`);
    assert.match(files, /analysis\/stability\.json/);
    // Snapshot and result: the analyses are no third commit.
    assert.equal(git(folder, "rev-list", "--count", "HEAD..refs/adept/runs/" + id).trim(), "2");
  }
  const files = JSON.parse(adept(folder, "report", ...runs.map(({ id }) => id), "--json")) as { markdown: string };
  const text = readFileSync(files.markdown, "utf8");
  for (const wanted of [
    /Difference in differences/,
    /adept − pt \| T4 k=16/,
    /T0: one token at other places/,
    /update \/ weights/,
    /FFN off \|.*\| 2 \|/,
  ])
    assert.match(text, wanted);
});

test("an interrupted analysis goes on from its finished cases to the very same result; cases of other content are not taken", async (t) => {
  const folder = workspace(t, { kind: "adept", promptLength: 3, bottleneck: 4 });
  const run = RunDirectory.open(runPath(folder));
  const partial = join(run.path, "analysis/position-shift.partial.jsonl");
  const result = join(run.path, "analysis/position-shift.json");
  const start = (limit: number, endAt = Infinity): Promise<unknown> => {
    const stop = new AbortController();
    return runAnalyses(run, ["position-shift"], {
      folder: undefined,
      limit,
      again: false,
      signal: stop.signal,
      progress: ({ done }) => {
        if (done === endAt) stop.abort();
      },
    });
  };
  await start(20);
  const whole = readFileSync(result, "utf8");
  rmSync(result);
  await assert.rejects(start(20, 8));
  const lines = readFileSync(partial, "utf8").trim().split("\n");
  assert.equal(lines.length, 1 + 8);
  // A kept case is taken as it is: one that is falsified shows in the result, so it was not evaluated again.
  await start(20);
  assert.equal(readFileSync(result, "utf8"), whole);
  assert.equal(existsSync(partial), false);
  rmSync(result);
  const falsified = lines.map((line, i) => (i === 3 ? line.replace(/"loss":[\d.]+/, '"loss":77') : line));
  writeFileSync(partial, [...falsified, '{"label":"T4 k=1","val'].join("\n"));
  await start(20);
  assert.equal(
    (JSON.parse(readFileSync(result, "utf8")) as { result: PositionShift }).result.cases.filter(
      ({ loss }) => loss === 77,
    ).length,
    1,
  );
  rmSync(result);
  writeFileSync(partial, [...falsified, ""].join("\n"));
  await start(21);
  assert.equal(
    (JSON.parse(readFileSync(result, "utf8")) as { result: PositionShift }).result.cases.filter(
      ({ loss }) => loss === 77,
    ).length,
    0,
  );
});

test("a worker's analysis ends when its run's control file asks, frees the run, and goes on when it is asked again; meanwhile nobody else analyses that run", async (t) => {
  const folder = workspace(t, { kind: "pt", promptLength: 3 });
  const run = RunDirectory.open(runPath(folder));
  const place = {
    runPath: run.path,
    folder,
    workerPath: join(import.meta.dirname, "../../dist/worker.js"),
    nodePath: process.execPath,
  };
  const state = (): string | undefined => foldEvents(readJournal(run.path).events).analyses["position-shift"]?.status;
  const ended = (child: ReturnType<typeof startAnalysis>): Promise<number> =>
    new Promise((resolve) => {
      child.ref();
      child.once("exit", resolve);
    });
  const first = startAnalysis({ ...place, names: ["position-shift"] });
  for (const end = Date.now() + 20_000; state() !== "running" && Date.now() < end;)
    await new Promise((done) => setTimeout(done, 10));
  assert.ok(run.isBeingAnalysed());
  // Held meanwhile: on a fast machine it would be done before the other has started.
  first.kill("SIGSTOP");
  assert.match(
    spawnSync(process.execPath, [CLI, "analyse", "latest", "ablation"], { cwd: folder, encoding: "utf8" }).stderr,
    /is being analysed already/,
  );
  run.requestAnalysisStop();
  first.kill("SIGCONT");
  assert.equal(await ended(first), 130);
  assert.deepEqual([state(), run.isBeingAnalysed(), run.analysisStopRequested()], ["stopped", false, false]);
  // Asked before it has begun: it ends as soon as it does.
  const second = startAnalysis({ ...place, names: ["position-shift"] });
  run.requestAnalysisStop();
  assert.equal(await ended(second), 130);
  assert.equal(state(), "stopped");
  run.requestAnalysisStop();
  assert.equal(await ended(startAnalysis({ ...place, names: ["position-shift"] })), 0, "an old request does not count");
  assert.equal(state(), "finished");
});
