import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { tinyGguf, writeTinyFolder } from "../unit/backbone/ggufLlama.ts";
import { GgufWorkspace, STEPS } from "./ggufWorkspace.ts";
import { removeWorkspace } from "./removeWorkspace.ts";

// Runs on a GGUF file from the command line, and what may happen to the file and to what the cache holds of it.

function workspace(t: TestContext, backbone?: string, change?: object): GgufWorkspace {
  const place = new GgufWorkspace(backbone, change);
  t.after(() => removeWorkspace(place.folder));
  return place;
}

const TRAIN = ["train", "words.adept.json", "--no-git"] as const;

/** Flips a bit in the middle of a file. */
function damage(path: string): void {
  const bytes = readFileSync(path);
  bytes[Math.floor(bytes.length / 2)]! ^= 1;
  writeFileSync(path, bytes);
}

test("a run on a GGUF file is that on its Hugging Face folder; killed, it resumes to the same bits without its cache", async (t) => {
  const whole = workspace(t);
  whole.done(...TRAIN);
  const expected = whole.losses;
  assert.equal(expected.size, STEPS);
  assert.ok(expected.get(STEPS)! < expected.get(1)!, "it learns");

  const plain = workspace(t);
  rmSync(join(plain.folder, "model.gguf"));
  writeTinyFolder(join(plain.folder, "folder"));
  plain.done(...TRAIN, "--set", "backbone=folder");
  for (const [step, loss] of plain.losses)
    assert.ok(Math.abs(expected.get(step)! / loss - 1) < 1e-4, `step ${step}: ${expected.get(step)} for ${loss}`);
  assert.ok(Math.abs(expected.get(1)! / plain.losses.get(1)! - 1) < 1e-6);

  const broken = workspace(t);
  await broken.killedAfter(7, "--no-git");
  rmSync(broken.cache, { recursive: true });
  broken.done("resume", "latest");
  assert.deepEqual(broken.losses, expected);
  assert.equal(broken.adapter, whole.adapter);
});

test("a damaged file of the cache is made anew", (t) => {
  const place = workspace(t);
  place.done(...TRAIN);
  const { adapter } = place;
  const names = readdirSync(place.weights);
  const converted = join(
    place.weights,
    names.find((name) => name.endsWith("-gguf.safetensors"))!,
  );
  const folder = join(
    place.weights,
    names.find((name) => name.startsWith("gguf-"))!,
  );
  assert.equal(names.length, 3, names.join());
  const files = [converted, ...["config.json", "tokenizer.json", "gguf.json"].map((name) => join(folder, name))];
  const whole = files.map((path) => readFileSync(path));
  files.forEach(damage);
  place.done(...TRAIN);
  assert.equal(place.adapter, adapter);
  files.forEach((path, i) => {
    assert.ok(readFileSync(path).equals(whole[i]!), path);
  });
  rmSync(files[2]!);
  place.done(...TRAIN);
  assert.equal(place.adapter, adapter);
});

test("the file may be written in capitals, with spaces and quotes in its path, and behind a link", (t) => {
  const place = workspace(t, `odd "dir" 'q/My Model.GGUF`);
  place.done(...TRAIN);
  const { adapter } = place;
  symlinkSync(join(place.folder, place.backbone), join(place.folder, "link.gguf"));
  place.done(...TRAIN, "--set", "backbone=link.gguf");
  assert.equal(place.adapter, adapter);
});

test("two processes may convert one file at once", async (t) => {
  const place = workspace(t);
  const ends = await Promise.all(
    [1, 2].map(
      () =>
        new Promise<number | null>((resolve) =>
          place.start(...TRAIN).once("exit", (code) => {
            resolve(code);
          }),
        ),
    ),
  );
  assert.deepEqual(ends, [0, 0]);
  assert.deepEqual(
    readdirSync(place.weights).filter((name) => name.includes(".tmp")),
    [],
  );
});

test("a file that is missing, short, another's or a folder is told by its own name", (t) => {
  const place = workspace(t);
  place.done(...TRAIN);
  const path = join(place.folder, "model.gguf");
  const fails = (...args: string[]): string => {
    const { status, said } = place.adept(args);
    assert.equal(status, 1, said);
    assert.ok(said.includes(path) && !said.includes(place.cache), said);
    assert.doesNotMatch(said, /\n {4}at /);
    return said;
  };
  const each: [RegExp, string[]][] = [
    [/no file|cannot be read/, [...TRAIN]],
    [/cannot be read: ENOENT/, ["predict", "latest", "river"]],
    [/cannot be read: ENOENT/, ["export", "latest", "--out", "exported", "--folded"]],
  ];
  rmSync(path);
  for (const [says, args] of each) assert.match(fails(...args), says);
  writeFileSync(path, tinyGguf().subarray(0, 20_000));
  for (const [, args] of each) assert.match(fails(...args), /truncated/);
  writeFileSync(path, "{}");
  for (const [, args] of each) assert.match(fails(...args), /GGUF/);
  rmSync(path);
  mkdirSync(path);
  assert.match(fails("predict", "latest", "river"), /folder/);
});

test("a cache that cannot be written is told, and which variable names another", (t) => {
  const place = workspace(t);
  writeFileSync(place.cache, "");
  const blocked = place.adept(TRAIN);
  assert.equal(blocked.status, 1);
  assert.match(blocked.said, /cache .* cannot be written[^]*ADEPT_CACHE/);
  rmSync(place.cache);
  const mounted = (options: string): string[] => [
    "unshare",
    "-rm",
    "sh",
    "-c",
    `mkdir -p "$0/weights" && mount -t tmpfs -o ${options} none "$0/weights" && exec "$@"`,
    place.cache,
  ];
  if (spawnSync("unshare", ["-rm", "true"]).status !== 0) {
    assert.notEqual(process.env["ADEPT_REQUIRE_WALLS"], "1", "ADEPT_REQUIRE_WALLS is set, and there are no namespaces");
    t.skip("no namespace with a mount of its own");
    return;
  }
  const forbidden = place.adept(TRAIN, mounted("ro"));
  assert.equal(forbidden.status, 1);
  assert.match(forbidden.said, /cache .* cannot be written[^]*ADEPT_CACHE/);
  // Of 4 KB a page each: the folder alone, then the folder and part of the weights.
  for (const size of ["8k", "40k"]) {
    const full = place.adept(TRAIN, mounted(`size=${size}`));
    assert.equal(full.status, 1, full.said);
    assert.match(full.said, /disk is full/);
  }
  place.done(...TRAIN);
});

test("what is asked of a run on a GGUF file names that file, and works without its cache", (t) => {
  const place = workspace(t, "model.gguf", {
    task: {
      kind: "file",
      train: "data.jsonl",
      source: "{text}",
      target: "{label}",
      split: { validation: 0.2, test: 0.2, seed: 1 },
    },
  });
  place.done(...TRAIN);
  rmSync(place.cache, { recursive: true });
  place.done("predict", "latest", "river stone 3");
  place.done("analyse", "latest", "ablation", "offsets", "latency");
  place.done("report", "latest", "--out", "report.html");
  const report = readFileSync(join(place.folder, "report.html"), "utf8");
  assert.ok(report.includes("model.gguf"));
  place.done("export", "latest", "--out", "plain");
  const config = JSON.parse(readFileSync(join(place.folder, "plain/adapter_config.json"), "utf8")) as object;
  assert.equal(
    (config as { base_model_name_or_path: string }).base_model_name_or_path,
    join(place.folder, "model.gguf"),
  );
  for (const file of readdirSync(place.run, { recursive: true, withFileTypes: true }))
    if (file.isFile()) assert.ok(!readFileSync(join(file.parentPath, file.name)).includes(place.cache), file.name);
  assert.ok(!report.includes(place.cache));
});

test("a folded folder is the model of the GGUF file with the method in it, and needs the file no longer", (t) => {
  const place = workspace(t, "model.gguf", { method: { kind: "lora", rank: 2 } });
  place.done(...TRAIN);
  place.done("export", "latest", "--out", "folded", "--folded");
  writeFileSync(
    join(place.folder, "asked.jsonl"),
    '{"input":"river stone","target":"yes"}\n{"input":"light 3","target":"no"}\n',
  );
  const loss = (...args: string[]): number =>
    (JSON.parse(place.done("evaluate", "--data", "asked.jsonl", "--json", ...args)) as { loss: number }).loss;
  const own = loss("--backbone", "model.gguf", "--adapter", join(place.run, "adapter"));
  const bare = loss("--backbone", "model.gguf");
  renameSync(join(place.folder, "model.gguf"), join(place.folder, "gone"));
  rmSync(place.cache, { recursive: true });
  const folded = loss("--backbone", "folded");
  assert.ok(Math.abs(folded / own - 1) < 1e-5 && Math.abs(bare / own - 1) > 1e-4, `${folded} ${own} ${bare}`);
  for (const name of ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"])
    assert.ok(existsSync(join(place.folder, "folded", name)), name);
  assert.ok(!existsSync(join(place.folder, "folded/gguf.json")));
});

interface Cost {
  loss: number;
  wideLoss: number;
  examples: number;
}

test("narrower weights of a GGUF file are those of its folder, and are compared with the file's own values", (t) => {
  const split = { validation: 0.4, test: 0.1, seed: 1 };
  const place = workspace(t, "model.gguf", {
    task: { kind: "file", train: "data.jsonl", source: "{text}", target: "{label}", split },
    method: { kind: "lora", rank: 2 },
  });
  writeTinyFolder(join(place.folder, "folder"));
  const cost = (backbone: string, precision: string): Cost => {
    place.done(
      ...TRAIN,
      "--set",
      "training.steps=2",
      "--set",
      `backbone=${backbone}`,
      "--set",
      `precision=${precision}`,
    );
    const { precision: costs } = JSON.parse(place.done("runs", "show", "latest", "--json")) as { precision: Cost[] };
    return costs[0]!;
  };
  const isNear = (one: number, other: number, least: number): boolean => Math.abs(one / other - 1) < least;
  for (const precision of ["bf16", "int8", "int4"]) {
    const [own, right] = [cost("model.gguf", precision), cost("folder", precision)];
    const told = JSON.stringify({ precision, own, right });
    assert.ok(own.examples > 10 && own.loss !== own.wideLoss && isNear(own.loss, own.wideLoss, 0.05), told);
    assert.ok(isNear(own.loss, right.loss, 1e-6) && isNear(own.wideLoss, right.wideLoss, 1e-6), told);
  }
});
