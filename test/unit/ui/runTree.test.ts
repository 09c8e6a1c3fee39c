import assert from "node:assert/strict";
import { test } from "node:test";
import type { NewRunEvent } from "../../../src/record/events.ts";
import { foldEvents } from "../../../src/record/foldEvents.ts";
import type { RunRecord } from "../../../src/record/record.ts";
import { passesFilter, isFiltered, NO_FILTER, storedFilter } from "../../../src/ui/runs/runFilter.ts";
import { summaryOf, treeOf as grouped, type TreeNode } from "../../../src/ui/runs/runTree.ts";

const treeOf = (records: readonly RunRecord[], sort: Parameters<typeof grouped>[1]): TreeNode[] =>
  grouped(records, sort, (seed) => `seed ${seed}`);
let clock = 0;
/** A record made of events, as every record is. */
function record(
  id: string,
  {
    name = id,
    seed = 0,
    sweep,
    variant,
    method = "adept",
    task = "mail",
    accuracy,
    status = "finished" as const,
    more = [],
  }: {
    name?: string;
    seed?: number;
    sweep?: string;
    variant?: string;
    method?: string;
    task?: string;
    accuracy?: number;
    status?: RunRecord["status"];
    more?: NewRunEvent[];
  },
): RunRecord {
  const events: NewRunEvent[] = [
    {
      type: "created",
      version: 1,
      id,
      name,
      method,
      task,
      backbone: "tiny",
      seed,
      steps: 1,
      ...(sweep !== undefined && { sweep, experiment: "The experiment" }),
      ...(variant !== undefined && { variant }),
    },
    ...(accuracy === undefined
      ? []
      : [
          {
            type: "evaluation" as const,
            step: 1,
            split: "test" as const,
            loss: 1,
            metrics: { accuracy },
            examples: 10,
          },
        ]),
    { type: "status", status },
    ...more,
  ];
  return foldEvents(events.map((event) => ({ ...event, time: clock++ })));
}
/** The tree as text, a level per indent. */
const lines = (nodes: readonly TreeNode[], indent = ""): string[] =>
  nodes.flatMap((node) =>
    node.kind === "run"
      ? [`${indent}${node.label} <${node.id}>`]
      : [`${indent}${node.label}`, ...lines(node.children, `${indent}  `)],
  );

const sweep = [
  record("a0", { sweep: "s", variant: "adept", seed: 0, accuracy: 0.9 }),
  record("a1", { sweep: "s", variant: "adept", seed: 1, accuracy: 0.7 }),
  record("p0", { sweep: "s", variant: "pt", method: "pt", seed: 0, accuracy: 0.5 }),
  record("p1", { sweep: "s", variant: "pt", method: "pt", seed: 1, status: "failed" }),
];

test("runs of a sweep are grouped by experiment, variant and seed; a single run has its own row", () => {
  assert.deepEqual(lines(treeOf([...sweep, record("z", { name: "Alone" })], "newest")), [
    "Alone <z>",
    "The experiment",
    "  pt",
    "    seed 1 <p1>",
    "    seed 0 <p0>",
    "  adept",
    "    seed 1 <a1>",
    "    seed 0 <a0>",
  ]);
});

test("a single variant has no level of its own; runs of one name that were started one by one form a group", () => {
  assert.deepEqual(lines(treeOf(sweep.slice(0, 2), "oldest")), ["The experiment", "  seed 0 <a0>", "  seed 1 <a1>"]);
  assert.deepEqual(lines(treeOf([record("x", { name: "Mail" }), record("y", { name: "Mail" })], "oldest")), [
    "Mail",
    "  Mail <x>",
    "  Mail <y>",
  ]);
});

test("the order: newest, oldest, name, best first, by status; starred ones before all", () => {
  const runs = [
    record("1", { name: "b", accuracy: 0.2 }),
    record("2", { name: "a", accuracy: 0.9 }),
    record("3", { name: "c", status: "running" }),
  ];
  const ids = (sort: Parameters<typeof treeOf>[1], own = runs): string[] =>
    treeOf(own, sort).map((node) => (node.kind === "run" ? node.id : node.key));
  assert.deepEqual(ids("newest"), ["3", "2", "1"]);
  assert.deepEqual(ids("oldest"), ["1", "2", "3"]);
  assert.deepEqual(ids("name"), ["2", "1", "3"]);
  assert.deepEqual(ids("metric"), ["2", "1", "3"]);
  assert.deepEqual(ids("status"), ["3", "2", "1"]);
  assert.deepEqual(ids("newest", [...runs, record("0", { more: [{ type: "annotated", starred: true }] })]), [
    "0",
    "3",
    "2",
    "1",
  ]);
});

test("a name that the user gave is shown in every group", () => {
  assert.deepEqual(
    lines(
      treeOf(
        [
          sweep[0]!,
          record("a1", { sweep: "s", variant: "adept", seed: 1, more: [{ type: "annotated", name: "The good one" }] }),
        ],
        "oldest",
      ),
    ),
    ["The experiment", "  seed 0 <a0>", "  The good one <a1>"],
  );
});

/** What validation said of a run at its chosen checkpoint, and later at a worse one. */
const validated = (accuracy: number, metrics: Record<string, number> = { accuracy }): NewRunEvent[] => [
  { type: "evaluation", step: 1, split: "validation", loss: 1 - accuracy, metrics, examples: 10 },
  { type: "checkpoint", step: 1, best: true },
  { type: "evaluation", step: 2, split: "validation", loss: 9, metrics: { accuracy: 0.01 }, examples: 10 },
];

test("a group of seeds says how many run, have finished and failed, and the mean of the finished", () => {
  const seeds = sweep.filter(({ variant }) => variant === "adept");
  assert.ok(seeds.length > 1);
  const { mean, n, metric, best } = summaryOf(seeds);
  assert.deepEqual([mean, n, metric, best], [(0.9 + 0.7) / 2, 2, "accuracy", undefined]);
  assert.equal(summaryOf([record("q", { status: "running" })]).mean, undefined);
});

test("a sweep says its best by validation over seeds, never by test and never a mean over different methods", () => {
  const { running, finished, failed, of, mean, n, best } = summaryOf(sweep);
  assert.deepEqual([running, finished, failed, of, mean, n, best], [0, 3, 1, 4, undefined, 0, undefined]);
  const run = (variant: string, seed: number, [validation, tested]: [number, number]): RunRecord =>
    record(`${variant}${seed}`, {
      sweep: "s",
      variant,
      seed,
      method: variant,
      accuracy: tested,
      more: validated(validation),
    });
  const both = [
    run("adept", 0, [0.8, 0.1]),
    run("adept", 1, [0.7, 0.1]),
    run("pt", 0, [0.6, 0.9]),
    run("pt", 1, [0.65, 0.9]),
    // One lucky seed does not compare with means of two.
    run("lora", 0, [0.99, 0.9]),
  ];
  assert.deepEqual(summaryOf(both), {
    running: 0,
    finished: 5,
    failed: 0,
    of: 5,
    mean: undefined,
    metric: "accuracy",
    n: 0,
    best: { label: "adept", metric: "accuracy", value: 0.75, n: 2 },
  });
  const onTwoTasks = both.map((each, i) => ({ ...each, task: i % 2 === 0 ? "mail" : "cb" }));
  assert.equal(summaryOf(onTwoTasks).best, undefined, "values on different tasks do not compare");
  const onOtherData = both.map((each, i) => ({
    ...each,
    task: "file",
    data: i % 2 === 0 ? "sst2.jsonl" : "trec.jsonl",
  }));
  assert.equal(summaryOf(onOtherData).best, undefined, "nor do values of one kind of task on other data");
  const onSameData = both.map((each) => ({ ...each, task: "file", data: "sst2.jsonl" }));
  assert.deepEqual(summaryOf(onSameData).best, { label: "adept", metric: "accuracy", value: 0.75, n: 2 });
  // Validated at a loss of 1 each, but for the prompt, which has less.
  const chosenByLoss = both.map((each) => ({
    ...each,
    selection: "loss" as const,
    evaluations: each.evaluations.map((one) => ({ ...one, loss: each.method === "pt" ? 0.5 : 1 })),
  }));
  assert.deepEqual(summaryOf(chosenByLoss).best, { label: "pt", metric: "loss", value: 0.5, n: 2 });
  const partlyKnown = chosenByLoss.map((each, i) => (i === 0 ? { ...each, selection: undefined } : each));
  assert.equal(summaryOf(partlyKnown).best?.label, "adept", "what older runs chose by is not known");
  const losses = [0.2, 0.4].map((quality, i) =>
    record(`l${i}`, { sweep: "s", variant: `v${i}`, more: validated(quality, {}) }),
  );
  assert.deepEqual(summaryOf(losses).best, { label: "v1", metric: "loss", value: 0.6, n: 1 });
  const mixed = [
    record("m0", { name: "x", method: "adept", accuracy: 0.5 }),
    record("m1", { name: "x", method: "pt", accuracy: 0.7 }),
  ];
  assert.equal(summaryOf(mixed).mean, undefined);
});

test("a search finds every word somewhere in name, method, task, tags and note; choices narrow it; archived runs are away until asked for", () => {
  const run = record("r", {
    name: "Mail, long prompt",
    more: [{ type: "annotated", tags: ["paper"], note: "lower rate next" }],
  });
  const archived = record("o", { more: [{ type: "annotated", archived: true }] });
  for (const text of ["", "mail", "PROMPT adept", "paper", "lower rate"])
    assert.ok(passesFilter(run, { ...NO_FILTER, text }), text);
  assert.ok(!passesFilter(run, { ...NO_FILTER, text: "mail dept!" }));
  assert.ok(
    !passesFilter(run, { ...NO_FILTER, statuses: ["failed"] }) &&
      passesFilter(run, { ...NO_FILTER, statuses: ["failed", "finished"] }),
  );
  assert.ok(
    !passesFilter(run, { ...NO_FILTER, starred: true }) &&
      !passesFilter(run, { ...NO_FILTER, tags: ["other"] }) &&
      passesFilter(run, { ...NO_FILTER, tags: ["paper"] }),
  );
  assert.ok(
    !passesFilter(archived, NO_FILTER) &&
      passesFilter(archived, { ...NO_FILTER, archived: true }) &&
      passesFilter(run, { ...NO_FILTER, archived: true }),
  );
});

test("a damaged stored filter counts as no filter", () => {
  assert.deepEqual(storedFilter({ text: 3, statuses: "x", starred: "yes" }), NO_FILTER);
  assert.ok(!isFiltered(storedFilter(undefined)) && isFiltered(storedFilter({ ...NO_FILTER, text: "a" })));
});
