import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readJournal } from "../../src/run/journal/readJournal.ts";

const CLI = join(import.meta.dirname, "../../dist/cli.js");
const STEPS = 18;
const place = mkdtempSync(join(tmpdir(), "adept-process-"));
after(() => {
  rmSync(place, { recursive: true, force: true });
});
const env = { ...process.env, ADEPT_CACHE: join(place, "cache") };

interface Cost {
  weights: string;
  label: string;
  split: string;
  examples: number;
  loss: number;
  wideLoss: number;
  same: number;
  bytes: number;
  wideBytes: number;
  text: string;
}
interface Shown {
  status: string;
  precision: Cost[];
  evaluations: { split: string; label: string; loss: number; metrics: Record<string, number> }[];
  warnings: string[];
}

function workspace(change: object): string {
  const folder = mkdtempSync(join(place, "run-"));
  const words = ["river", "stone", "light", "paper", "green", "seven"];
  writeFileSync(
    join(folder, "data.jsonl"),
    Array.from({ length: 240 }, (_, i) =>
      JSON.stringify({ text: `${words[i % 6]} ${words[(i * 5 + 1) % 6]} ${i % 7}`, label: i % 2 === 0 ? "yes" : "no" }),
    ).join("\n"),
  );
  writeFileSync(
    join(folder, "words.adept.json"),
    JSON.stringify({
      name: "words",
      task: {
        kind: "file",
        train: "data.jsonl",
        source: "{text}",
        target: "{label}",
        split: { validation: 0.4, test: 0.1, seed: 1 },
      },
      method: { kind: "adept", promptLength: 4, bottleneck: 3 },
      training: { steps: STEPS, batchSize: 4, evaluateEvery: 9, checkpointEvery: 4, maxTargetLength: 3, warmup: 3 },
      engine: { device: "cpu", threads: 1 },
      ...change,
    }),
  );
  return folder;
}
const adept = (folder: string, ...args: string[]): string =>
  execFileSync(process.execPath, [CLI, ...args], {
    cwd: folder,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
const runPath = (folder: string): string => {
  const [id] = readdirSync(join(folder, ".adept/runs"));
  return join(folder, ".adept/runs", id!);
};
const losses = (folder: string): number[] => [
  ...new Map(
    readJournal(runPath(folder)).events.flatMap((e) => (e.type === "step" ? [[e.step, e.loss] as const] : [])),
  ).values(),
];
const tensors = (folder: string): string =>
  readFileSync(join(runPath(folder), "adapter/adapter_model.safetensors")).toString("hex");
const shown = (folder: string): Shown => JSON.parse(adept(folder, "runs", "show", "latest", "--json")) as Shown;

async function killedAfter(folder: string, steps: number): Promise<void> {
  const child = spawn(process.execPath, [CLI, "train", "words.adept.json", "--no-git"], {
    cwd: folder,
    env,
    stdio: "ignore",
  });
  const done = (): number => {
    try {
      return losses(folder).length;
    } catch {
      return 0;
    }
  };
  for (const until = Date.now() + 60_000; done() < steps; await new Promise((resolve) => setTimeout(resolve, 10)))
    if (Date.now() > until) throw new Error("no step");
  const worker = readJournal(runPath(folder)).events.findLast((e) => e.type === "status" && e.pid !== undefined);
  process.kill((worker as { pid: number }).pid, "SIGKILL");
  await new Promise((resolve) => child.once("exit", resolve));
}

/** Checks that what is asked of a finished run is computed with its own weights. */
function checkFinished(whole: string, evaluations: Shown["evaluations"]): void {
  const asked = JSON.parse(adept(whole, "precision", "latest", "--json")) as Cost;
  const trained = shown(whole);
  assert.deepEqual(
    [asked.label, asked.examples, trained.precision.map(({ label }) => label)],
    ["trained", 64, ["untrained", "trained"]],
  );
  assert.equal(trained.precision[1]!.text, asked.text);
  const folder = runPath(whole);
  const rows = readFileSync(join(folder, "analysis/predictions-trained.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { input: string; target: string });
  writeFileSync(
    join(whole, "test.jsonl"),
    rows.map(({ input, target }) => JSON.stringify({ input, target })).join("\n"),
  );
  const evaluated = (precision: string): number =>
    (
      JSON.parse(
        adept(
          whole,
          "evaluate",
          "--backbone",
          "tiny-t5",
          "--adapter",
          join(folder, "adapter"),
          "--data",
          "test.jsonl",
          "--max-new-tokens",
          "3",
          "--precision",
          precision,
          "--json",
        ),
      ) as { loss: number }
    ).loss;
  const own = evaluations.find(({ split, label }) => split === "test" && label === "trained")!.loss;
  assert.ok(
    Math.abs(evaluated("int8") - own) < 1e-5 * own && Math.abs(evaluated("fp32") - own) > 1e-5 * own,
    `${evaluated("int8")} ${evaluated("fp32")} ${own}`,
  );
  assert.match(adept(whole, "analyse", "latest", "ablation", "offsets"), /ablation.*\n.*offsets/);
}

test("int8: trained end to end, its cost told; a killed run resumes to the same bits", async () => {
  const whole = workspace({ precision: "int8" });
  const { status, stderr } = spawnSync(process.execPath, [CLI, "train", "words.adept.json", "--no-git"], {
    cwd: whole,
    env,
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  assert.match(
    stderr,
    /int8 weights, untrained: validation loss \d+\.\d{4} instead of \d+\.\d{4} \([+-]\d+\.\d\d %\), \d+ of 64 predictions the same, 2\.4 MB instead of 9\.4 MB/,
  );
  const {
    precision: [cost, ...more],
    evaluations,
  } = shown(whole);
  assert.deepEqual(
    [more.length, cost!.weights, cost!.label, cost!.split, cost!.examples],
    [0, "int8", "untrained", "validation", 64],
  );
  assert.ok(
    cost!.loss !== cost!.wideLoss &&
      Math.abs(cost!.loss / cost!.wideLoss - 1) < 0.05 &&
      cost!.same <= 64 &&
      cost!.bytes < 0.27 * cost!.wideBytes,
    JSON.stringify(cost),
  );
  assert.ok(evaluations.some(({ split, label }) => split === "test" && label === "trained"));

  const broken = workspace({ precision: { weights: "int8" } });
  await killedAfter(broken, 7);
  assert.equal((JSON.parse(adept(broken, "resume", "latest", "--json")) as Shown).status, "finished");
  assert.deepEqual(losses(broken), losses(whole));
  assert.equal(tensors(broken), tensors(whole));
  assert.equal(
    readJournal(runPath(broken)).events.filter(({ type }) => type === "precision").length,
    1,
    "measured once",
  );

  const plain = workspace({});
  adept(plain, "train", "words.adept.json", "--no-git");
  assert.notEqual(tensors(plain), tensors(whole));
  assert.deepEqual(shown(plain).precision, []);
  assert.throws(() => adept(plain, "precision"), /fp32 weights/);

  checkFinished(whole, evaluations);
});

test("the comparison can be left out, a device chosen, copies share the weights, and what cannot be is refused", () => {
  const quiet = workspace({
    precision: { weights: "bf16", compare: false },
    engine: { device: "auto", threads: 2, replicas: 2 },
  });
  adept(quiet, "train", "words.adept.json", "--no-git");
  assert.deepEqual([shown(quiet).status, shown(quiet).precision], ["finished", []]);
  const alone = workspace({ precision: { weights: "bf16", compare: false } });
  adept(alone, "train", "words.adept.json", "--no-git");
  assert.equal(tensors(quiet), tensors(alone));
  const refused = (change: object): string => {
    const { status, stderr } = spawnSync(process.execPath, [CLI, "train", "words.adept.json", "--no-git"], {
      cwd: workspace(change),
      env,
      encoding: "utf8",
    });
    assert.equal(status, 1);
    return stderr;
  };
  assert.match(
    refused({ precision: "int8", method: { kind: "full" } }),
    /precision: the method "full" trains the backbone itself/,
  );
  assert.match(
    refused({ precision: "int8", engine: "tfjs" }),
    /precision: "int8" is for the processor and for PyTorch, not for "tfjs"/,
  );
});
