import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readSafetensors } from "../../src/backbone/files/safetensors.ts";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import type { Device, EngineSpec } from "../../src/engine/engineSpec.ts";
import { CPU, onEngines, TORCH, withTorch } from "../golden/engines.ts";
import { relativeDifference } from "../golden/methodGolden.ts";
import { randomChatModel } from "../unit/model/tinyCausal.ts";
import { removeWorkspace } from "./removeWorkspace.ts";

const CLI = join(import.meta.dirname, "../../dist/cli.js");
const STEPS = 24;

function workspace({ device, torchDevice }: EngineSpec = CPU, backbone = "tiny-t5"): string {
  const folder = mkdtempSync(join(tmpdir(), "adept-process-"));
  const words = ["river", "stone", "light", "paper", "green", "seven"];
  const rows = Array.from({ length: 80 }, (_, i) =>
    JSON.stringify({ text: `${words[i % 6]} ${words[(i * 5 + 1) % 6]} ${i % 7}`, label: i % 2 === 0 ? "yes" : "no" }),
  );
  writeFileSync(join(folder, "data.jsonl"), rows.join("\n"));
  writeFileSync(
    join(folder, "words.adept.json"),
    JSON.stringify({
      name: "words",
      backbone,
      task: { kind: "file", train: "data.jsonl", source: "{text}", target: "{label}" },
      method: { kind: "adept", promptLength: 4, bottleneck: 3 },
      training: { steps: STEPS, batchSize: 4, evaluateEvery: 8, checkpointEvery: 5, maxTargetLength: 3, warmup: 3 },
      engine: { device, torchDevice, threads: 1 },
    }),
  );
  return folder;
}

const adept = (folder: string, ...args: string[]): string =>
  execFileSync(process.execPath, [CLI, ...args], { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const runPath = (folder: string): string => {
  const [id] = readdirSync(join(folder, ".adept/runs"));
  return join(folder, ".adept/runs", id!);
};
const adapter = (path: string): string => readFileSync(join(path, "adapter/adapter_model.safetensors")).toString("hex");
const losses = (path: string): Map<number, number> =>
  new Map(readJournal(path).events.flatMap((e) => (e.type === "step" ? [[e.step, e.loss] as const] : [])));

const deviceOf = (folder: string): string =>
  (JSON.parse(adept(folder, "runs", "show", "latest", "--json")) as { device: string }).device;

async function waitFor(condition: () => boolean, what: string): Promise<void> {
  for (const until = Date.now() + 60_000; !condition(); await new Promise((resolve) => setTimeout(resolve, 10)))
    if (Date.now() > until) throw new Error(`no ${what}`);
}
const hasRun = (folder: string): boolean => {
  try {
    return readdirSync(join(folder, ".adept/runs")).length > 0;
  } catch {
    return false;
  }
};

/** Conversations of two turns, of which some are longer than others. */
function chatWorkspace(backbone: string): string {
  const folder = workspace(CPU, backbone);
  const rows = Array.from({ length: 60 }, (_, i) => {
    const turn = (n: number): object[] => [
      { role: "user", content: `${"so ".repeat(1 + ((i + n) % 4))}${i}` },
      { role: "assistant", content: (i + n) % 2 === 0 ? "yes" : "no" },
    ];
    return JSON.stringify({ messages: [...turn(0), ...turn(1)] });
  });
  writeFileSync(join(folder, "chat.jsonl"), rows.join("\n"));
  const experiment = JSON.parse(readFileSync(join(folder, "words.adept.json"), "utf8")) as { training: object };
  const chat = { ...experiment, task: { kind: "chat", train: "chat.jsonl" } };
  writeFileSync(join(folder, "words.adept.json"), JSON.stringify(chat));
  return folder;
}

async function killedAfter(folder: string, step: number): Promise<void> {
  const child = spawn(process.execPath, [CLI, "train", "words.adept.json", "--no-git"], {
    cwd: folder,
    stdio: "ignore",
  });
  await waitFor(() => hasRun(folder) && losses(runPath(folder)).size >= step, `step ${step}`);
  const worker = readJournal(runPath(folder)).events.findLast((e) => e.type === "status" && e.pid !== undefined);
  process.kill((worker as { pid: number }).pid, "SIGKILL");
  await new Promise((resolve) => child.once("exit", resolve));
}

/** How each engine names itself in a record. */
const NAMES: Partial<Record<Device, RegExp>> = {
  cpu: /^onnxruntime/,
  tfjs: /^TensorFlow (CPU|GPU)/,
  torch: /^PyTorch/,
};

onEngines("resume", (engine) => {
  const { device } = engine;
  test(`${device}: a run killed at any step resumes to the same losses and the same bits`, async () => {
    const folders: string[] = [];
    try {
      const whole = workspace(engine);
      folders.push(whole);
      adept(whole, "train", "words.adept.json", "--no-git");
      const expected = losses(runPath(whole));
      assert.equal(expected.size, STEPS);
      assert.match(deviceOf(whole), NAMES[device]!);
      for (const step of [2, 7, 17]) {
        const folder = workspace(engine);
        folders.push(folder);
        await killedAfter(folder, step);
        const record = JSON.parse(adept(folder, "resume", "latest", "--json")) as { status: string };
        assert.equal(record.status, "finished");
        assert.deepEqual(losses(runPath(folder)), expected);
        assert.equal(adapter(runPath(folder)), adapter(runPath(whole)));
      }
    } finally {
      for (const folder of folders) await removeWorkspace(folder);
    }
  });
});

/** The values of a run's adapter, in fp32. */
const valuesOf = (path: string): number[] =>
  [...readSafetensors(join(path, "adapter/adapter_model.safetensors")).values()].flatMap(({ data }) => [...data]);

withTorch("a run", () => {
  test("a run on PyTorch is the run on onnxruntime within rounding", async () => {
    const folders = [CPU, TORCH].map((engine) => workspace(engine));
    try {
      for (const folder of folders) adept(folder, "train", "words.adept.json", "--no-git");
      const [expected, own] = folders.map((folder) => [...losses(runPath(folder)).values()]) as [number[], number[]];
      assert.equal(own.length, STEPS);
      own.forEach((loss, i) => {
        assert.ok(Math.abs(loss / expected[i]! - 1) < 1e-4, `step ${i}: ${loss} for ${expected[i]}`);
      });
      const [values, found] = folders.map((folder) => valuesOf(runPath(folder))) as [number[], number[]];
      const apart = relativeDifference(found, values);
      assert.ok(apart < 1e-3, `parameters: ${apart}`);
    } finally {
      for (const folder of folders) await removeWorkspace(folder);
    }
  });
});

test("a conversation's run on a decoder-only model, killed at any step, resumes to the same losses and bits", async () => {
  const backbone = randomChatModel();
  const folders: string[] = [backbone];
  try {
    const whole = chatWorkspace(backbone);
    folders.push(whole);
    adept(whole, "train", "words.adept.json", "--no-git");
    const expected = losses(runPath(whole));
    assert.equal(expected.size, STEPS);
    assert.ok([...expected.values()].at(-1)! < expected.get(1)!, "it learns");
    for (const step of [3, 13]) {
      const folder = chatWorkspace(backbone);
      folders.push(folder);
      await killedAfter(folder, step);
      const record = JSON.parse(adept(folder, "resume", "latest", "--json")) as { status: string };
      assert.equal(record.status, "finished");
      assert.deepEqual(losses(runPath(folder)), expected);
      assert.equal(adapter(runPath(folder)), adapter(runPath(whole)));
    }
  } finally {
    for (const folder of folders) await removeWorkspace(folder);
  }
});

onEngines("stop", (engine) => {
  test(`${engine.device}: a stopped run keeps its partial result`, async () => {
    const folder = workspace(engine);
    try {
      const child = spawn(
        process.execPath,
        [
          CLI,
          "train",
          "words.adept.json",
          "--no-git",
          "--set",
          "training.steps=4000",
          "--set",
          "training.evaluateEvery=4000",
        ],
        { cwd: folder, stdio: "ignore" },
      );
      await waitFor(() => hasRun(folder) && losses(runPath(folder)).size >= 3, "step 3");
      assert.match(adept(folder, "stop", "latest"), /stopped/);
      await new Promise((resolve) => child.once("exit", resolve));
      assert.ok(adapter(runPath(folder)).length > 0);
      const shown = JSON.parse(adept(folder, "runs", "show", "latest", "--json")) as {
        status: string;
        lastStep: { step: number };
      };
      assert.equal(shown.status, "stopped");
      assert.ok(shown.lastStep.step < 4000);
    } finally {
      await removeWorkspace(folder);
    }
  });
});

test("wrong use gives exit code 2, a wrong experiment exit code 1 and the key's name; nothing is started", async () => {
  const folder = workspace();
  const fails = (...args: string[]): { status: number; stderr: string } => {
    try {
      adept(folder, ...args);
    } catch (error) {
      return error as { status: number; stderr: string };
    }
    throw new Error(`${args.join(" ")} did not fail`);
  };
  try {
    assert.equal(fails("trian").status, 2);
    assert.equal(fails("train", "words.adept.json", "--nope").status, 2);
    const unknown = fails("train", "words.adept.json", "--set", "training.stepz=3");
    assert.equal(unknown.status, 1);
    assert.match(unknown.stderr, /stepz/);
    const missing = fails("train", "words.adept.json", "--set", "task.train=gone.jsonl");
    assert.match(missing.stderr, /gone\.jsonl/);
    assert.equal(hasRun(folder), false);
    writeFileSync(join(folder, "data.jsonl"), '{"text":"a","label":"b"}\n{"text": oops}\n');
    assert.match(fails("train", "words.adept.json", "--no-git").stderr, /data\.jsonl:2/);
    writeFileSync(join(folder, "data.jsonl"), '{"text":"a","label":"b"}\n'.repeat(20));
    assert.match(fails("train", "words.adept.json", "--no-git", "--set", "method.budget=20").stderr, /budget/);
  } finally {
    await removeWorkspace(folder);
  }
});
