import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReportedRun } from "../../../src/analysis/report/reportedRun.ts";
import { summary } from "../../../src/analysis/report/summary.ts";
import { reportedRun } from "./reportedRuns.ts";

interface Given {
  method: string;
  accuracies: readonly number[];
  analysed?: boolean;
  k?: number;
}

function runsOf({ method, accuracies, analysed = false, k }: Given): ReportedRun[] {
  return accuracies.map((accuracy, seed) => {
    const id = `20261201-${seed}-${method}${k ?? ""}`;
    const run = reportedRun(id, { seed, method, accuracy, trainable: 12_800, ...(analysed && { scale: 1 }) });
    if (k !== undefined) run.experiment.task = { ...run.experiment.task, shots: { k } } as never;
    return run;
  });
}

/** The lines below the two headings of the first page, and the headings. */
function page(...tasks: readonly (readonly [name: string, ...given: Given[]])[]): { found: string[]; not: string[] } {
  const blocks = summary(tasks.map(([name, ...given]) => ({ name, runs: given.flatMap(runsOf) })));
  const under = (heading: string): string[] => {
    const at = blocks.findIndex((block) => block.kind === "heading" && block.text.startsWith(heading));
    const list = blocks[at + 1];
    return at < 0 || list?.kind !== "list" ? [] : [...list.items];
  };
  return { found: under("What was found"), not: under("What was not found") };
}

const ADEPT: Given = { method: "adept", accuracies: [0.9, 0.92, 0.95] };
const PT: Given = { method: "pt", accuracies: [0.8, 0.83, 0.83] };
const DEPT: Given = { method: "dept", accuracies: [0.91, 0.92, 0.94] };

test("of several seeds the first page tells the paper's claims with their figures", () => {
  const { found, not } = page(["mail", ADEPT, PT, DEPT]);
  assert.match(found[0]!, /^mail, test accuracy over 3 seeds: adept 92\.3 % \[.*dept .*pt 82\.0 %/);
  // Half of the t-interval of 0.1, 0.09 and 0.12 is 4.303 * 0.015275 / sqrt(3) = 0.0379.
  assert.match(
    found[1]!,
    /^Claims of the paper that hold: Better than pt at one budget \(points: 10\.3 \[6\.5, 14\.1\]\)\.$/,
  );
  assert.match(
    not[0]!,
    /^Claims of the paper that cannot be told either way: Better than dept at one budget \(2\.5 points could have/,
  );
});

test("of several tasks a claim is told once, with the tasks where it holds", () => {
  const { found, not } = page(["mail", ADEPT, PT], ["trec", ADEPT, { ...PT, accuracies: [0.99, 0.99, 0.99] }]);
  assert.equal(found.filter((line) => line.includes("Better than pt")).length, 2);
  assert.ok(found.includes("Claims of the paper that hold: Better than pt at one budget (mail)."), found.join("\n"));
  assert.ok(found.includes("Claims of the paper that do not hold: Better than pt at one budget (trec)."));
  assert.ok(not.every((line) => !line.includes("Claims")));
});

test("analyses are told over seeds, not those of one run", () => {
  const { found, not } = page(["mail", { ...ADEPT, analysed: true }, PT]);
  const ablation = found.find((line) => line.startsWith("Ablation"))!;
  // Every seed has the same effect, so that the interval is a point.
  assert.equal(
    ablation,
    "Ablation of adept (3 seeds), points: prompt off −41.0 [−41.0, −41.0]; FFN off −12.0 [−12.0, −12.0]; positions off 0.3 [0.3, 0.3].",
  );
  assert.ok(found.some((line) => /^adept folded \(3 seeds\) against pt, same prompt: 0\.990 times/.test(line)));
  assert.ok([...found, ...not].every((line) => !line.includes("20261201-")));
});

test("results of other numbers of training examples are lines of their own", () => {
  const { found } = page(["mail", { ...ADEPT, k: 32 }, { ...PT, k: 32 }, { ...ADEPT, k: 4 }, { ...PT, k: 4 }]);
  assert.deepEqual(
    found.slice(0, 2).map((line) => line.split(",")[0]),
    ["mail with k = 4", "mail with k = 32"],
  );
  assert.match(found[0]!, /over 3 seeds: adept 92\.3 %/);
});

test("one seed has its number of examples, and the least loss comes first", () => {
  const of = (method: string, loss: number): ReportedRun => {
    const run = reportedRun(`20261201-${method}`, { seed: 0, method, accuracy: 0.5, trainable: 1 });
    for (const each of run.record.evaluations) Object.assign(each, { metrics: {}, loss });
    return run;
  };
  const blocks = summary([{ name: "gsm8k", runs: [of("pt", 1.5), of("adept", 1.25), of("dept", 1.75)] }]);
  const list = blocks.find((block) => block.kind === "list")!;
  assert.equal(
    list.kind === "list" && list.items[0],
    "gsm8k, test loss: adept 1.250 (one seed, n = 605); pt 1.500 (one seed, n = 605); dept 1.750 (one seed, n = 605).",
  );
});

test("ten lines are enough for any number of tasks, results and claims first", () => {
  const tasks = Array.from({ length: 7 }, (_, i) => [`task ${i}`, { ...ADEPT, analysed: true }, PT, DEPT] as const);
  const { found, not } = page(...tasks);
  assert.ok(found.length + not.length === 10, `${found.length} and ${not.length}`);
  assert.deepEqual(
    found.slice(0, 7).map((line) => line.split(",")[0]),
    tasks.map(([name]) => name),
  );
  assert.match(not[0]!, /cannot be told either way/);
});

test("where results are too many for the page, no claim is left out: neither one that holds nor one that does not", () => {
  const better: Given = { ...PT, method: "lora", accuracies: [0.99, 1, 1] };
  const tasks = Array.from({ length: 12 }, (_, i) => [`task ${i}`, ADEPT, PT, better] as const);
  const { found, not } = page(...tasks);
  assert.equal(found.length + not.length, 10);
  const [holds, doesNot] = found.slice(-2);
  assert.match(holds!, /^Claims of the paper that hold: Better than pt /);
  assert.match(doesNot!, /^Claims of the paper that do not hold: Better than lora /);
  assert.match(found[0]!, /^task 0, test accuracy/);
});
