import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import { foldEvents } from "../../src/record/foldEvents.ts";
import type { RunRecord } from "../../src/record/record.ts";
import type { Comparison } from "../../src/protocol/results/comparison.ts";
import { removeWorkspace } from "./removeWorkspace.ts";

const CLI = join(import.meta.dirname, "../../dist/cli.js");
const adept = (folder: string, ...args: string[]): string =>
  execFileSync(process.execPath, [CLI, ...args], { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

function workspace(sweep: object, steps = 12): string {
  const folder = mkdtempSync(join(tmpdir(), "adept-queue-"));
  const words = ["river", "stone", "light", "paper", "green", "seven"];
  const rows = Array.from({ length: 80 }, (_, i) =>
    JSON.stringify({ text: `${words[i % 6]} ${words[(i * 5 + 1) % 6]} ${i % 7}`, label: i % 2 === 0 ? "yes" : "no" }),
  );
  writeFileSync(join(folder, "data.jsonl"), rows.join("\n"));
  writeFileSync(
    join(folder, "words.adept.json"),
    JSON.stringify({
      name: "words",
      task: { kind: "file", train: "data.jsonl", source: "{text}", target: "{label}" },
      training: { steps, batchSize: 4, evaluateEvery: 6, checkpointEvery: 3, maxTargetLength: 3, warmup: 3 },
      engine: { threads: 1 },
      git: false,
      ...sweep,
    }),
  );
  return folder;
}

const runsDir = (folder: string): string => join(folder, ".adept/runs");
const records = (folder: string): RunRecord[] => {
  try {
    return readdirSync(runsDir(folder)).map((id) => foldEvents(readJournal(join(runsDir(folder), id)).events));
  } catch {
    return [];
  }
};
async function waitFor(condition: () => boolean, what: string): Promise<void> {
  for (const until = Date.now() + 60_000; !condition(); await new Promise((resolve) => setTimeout(resolve, 20)))
    if (Date.now() > until) throw new Error(`no ${what}`);
}
const queuePid = (folder: string): number =>
  (JSON.parse(readFileSync(join(folder, ".adept/queue-auto.lease"), "utf8")) as { pid: number }).pid;

test("a sweep trains every run within the one budget and ends with the comparison, chosen on validation", async () => {
  const folder = workspace({
    seeds: [0, 1],
    sweep: {
      budget: { promptTokens: 10 },
      methods: [{ kind: "pt" }, { kind: "adept" }],
      tune: { "training.learningRate.prompt": [0.01, 0.3] },
    },
  });
  try {
    const { runs, comparison } = JSON.parse(adept(folder, "train", "words.adept.json", "--json")) as {
      sweep: string;
      runs: RunRecord[];
      comparison: Comparison;
    };
    assert.equal(runs.length, 8);
    assert.ok(
      runs.every(
        ({ status, trainable }) =>
          status === "finished" && trainable !== undefined && trainable <= 10 * 128 && trainable > 9 * 128,
      ),
      JSON.stringify(runs.map(({ status, trainable }) => [status, trainable])),
    );
    assert.deepEqual(
      comparison.rows.map(({ label, tried, seeds }) => [label, tried, seeds]),
      [
        ["pt", 2, [0, 1]],
        ["adept", 2, [0, 1]],
      ],
    );
    // One at a time: each run starts after the one before has ended.
    const spans = readdirSync(runsDir(folder))
      .map((id) => readJournal(join(runsDir(folder), id)).events)
      .map((events) => ({
        from: events.find((e) => e.type === "status" && e.status === "preparing")!.time,
        to: events.at(-1)!.time,
      }))
      .sort((a, b) => a.from - b.from);
    spans.slice(1).forEach(({ from }, i) => {
      assert.ok(from >= spans[i]!.to, "two trained at once");
    });
    assert.deepEqual(JSON.parse(adept(folder, "compare", "--json")), comparison);
    assert.match(
      adept(folder, "compare", "--markdown"),
      /\| method \| parameters \| chosen on validation \| test accuracy \(n=8\)/,
    );
    assert.match(adept(folder, "queue", "list"), /0 waiting, idle/);
  } finally {
    await removeWorkspace(folder);
  }
});

test("a queue that is killed with its worker continues where it stopped, to the same bits", async () => {
  const sweep = { method: { kind: "pt", promptLength: 3 }, seeds: [0, 1, 2] };
  const folder = workspace(sweep, 30);
  const whole = workspace(sweep, 30);
  const adapters = (of: string): Map<number, string> =>
    new Map(
      readdirSync(runsDir(of)).map((id) => [
        foldEvents(readJournal(join(runsDir(of), id)).events).seed,
        readFileSync(join(runsDir(of), id, "adapter/adapter_model.safetensors")).toString("hex"),
      ]),
    );
  try {
    adept(whole, "train", "words.adept.json", "--json");
    adept(folder, "train", "words.adept.json", "--detach");
    await waitFor(
      () => records(folder).some(({ status, checkpointStep }) => status === "running" && (checkpointStep ?? 0) >= 3),
      "run at work",
    );
    process.kill(queuePid(folder), "SIGKILL");
    const { pid } = records(folder).find(({ status }) => status === "running")!;
    process.kill(pid!, "SIGKILL");
    assert.match(adept(folder, "queue", "list"), /waiting, not working/);
    assert.ok(records(folder).filter(({ status }) => status === "queued").length === 2);
    adept(folder, "queue", "start");
    await waitFor(() => records(folder).every(({ status }) => status === "finished"), "end of all runs");
    assert.equal(
      records(folder).reduce((sum, { interruptions }) => sum + interruptions, 0),
      1,
    );
    assert.deepEqual(adapters(folder), adapters(whole));
  } finally {
    for (const each of [folder, whole]) await removeWorkspace(each);
  }
});

test("an interrupt stops the current run with its result and takes the others out of the queue", async () => {
  const folder = workspace({ method: { kind: "pt", promptLength: 3 }, seeds: [0, 1, 2] }, 2000);
  try {
    const child = spawn(process.execPath, [CLI, "train", "words.adept.json"], { cwd: folder, stdio: "ignore" });
    await waitFor(() => records(folder).some(({ lastStep }) => (lastStep?.step ?? 0) > 2), "step");
    child.kill("SIGINT");
    const code = await new Promise((resolve) => child.once("exit", resolve));
    assert.equal(code, 130);
    assert.deepEqual(
      records(folder).map(({ status }) => status),
      ["stopped", "stopped", "stopped"],
    );
    assert.equal(records(folder).filter(({ lastStep }) => lastStep !== undefined).length, 1);
  } finally {
    await removeWorkspace(folder);
  }
});

test("who follows a queue is told that a run was deleted meanwhile, and does not wait for it", async () => {
  const folder = workspace({ method: { kind: "pt", promptLength: 3 }, seeds: [0, 1, 2] }, 400);
  try {
    const child = spawn(process.execPath, [CLI, "train", "words.adept.json"], { cwd: folder });
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    await waitFor(() => records(folder).some(({ lastStep }) => (lastStep?.step ?? 0) > 2), "step");
    // The last one is not begun before another has finished.
    const waits = records(folder)
      .filter(({ status }) => status === "queued")
      .at(-1)!;
    adept(folder, "runs", "delete", waits.id);
    assert.equal(await new Promise((resolve) => child.once("exit", resolve)), 0);
    assert.match(out, /^2 of 3 runs finished, 1 deleted$/m);
    assert.deepEqual(
      records(folder).map(({ status }) => status),
      ["finished", "finished"],
    );
  } finally {
    await removeWorkspace(folder);
  }
});

test("if one run of a sweep is impossible, none is created", async () => {
  const folder = workspace({ sweep: { budget: 50, methods: [{ kind: "pt" }, { kind: "lora" }] } });
  try {
    const { status, stderr } = spawnSync(process.execPath, [CLI, "train", "words.adept.json"], {
      cwd: folder,
      encoding: "utf8",
    });
    assert.equal(status, 1);
    assert.match(stderr, /method\.budget: 50 parameters are too few for "pt"/);
    assert.deepEqual(records(folder), []);
  } finally {
    await removeWorkspace(folder);
  }
});

test("a sweep of which some runs would fail queues none, and says all that is wrong at once", async () => {
  const folder = workspace({
    training: { steps: 3, prediction: "labels" },
    seeds: [1, 2],
    sweep: {
      methods: [{ kind: "pt" }, { kind: "lora", targets: ["q", "qq"] }],
      vary: { "task.train": ["data.jsonl", "notes.csv", "other.csv", "gone.jsonl"] },
    },
  });
  writeFileSync(join(folder, "notes.csv"), "text,label\nriver one,yes\nriver two,yes\nriver three,yes\n");
  writeFileSync(join(folder, "other.csv"), "words,label\nriver one,yes\nriver two,no\n");
  const train = (...set: string[]): { status: number | null; stderr: string } =>
    spawnSync(process.execPath, [CLI, "train", "words.adept.json", "--detach", "--queue", ...set], {
      cwd: folder,
      encoding: "utf8",
    });
  try {
    const { status, stderr } = train();
    assert.equal(status, 1);
    assert.match(stderr, /words\.adept\.json:\d+: The data has no field "text"; it has: words, label/);
    assert.match(stderr, /words\.adept\.json:\d+: training\.prediction: "labels" needs a task with 2 to 50/);
    assert.match(stderr, /words\.adept\.json:\d+: This backbone has no linear layer "qq"/);
    assert.match(stderr, /there is no file \S+gone\.jsonl/);
    assert.deepEqual(records(folder), []);
    const set = train("--set", 'task.target="{lable}"', "--set", "sweep={}", "--set", "method.kind=pt");
    assert.match(set.stderr, /--set task\.target="\{lable\}": The data has no field "lable"/);
    assert.deepEqual(records(folder), []);
  } finally {
    await removeWorkspace(folder);
  }
});
