import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { backboneFolder } from "../../../src/backbone/backboneFolder.ts";
import type { CopyProgress } from "../../../src/backbone/files/copySteps.ts";
import { openBackbone } from "../../../src/backbone/openBackbone.ts";
import type { Precision } from "../../../src/engine/precisionSpec.ts";
import { copiedWeights } from "../../../src/training/copiedWeights.ts";
import { PreparationStopped, UNWATCHED, type DataProgress } from "../../../src/training/data/preparing.ts";
import { toldProgress } from "../../../src/worker/train/watchedPreparation.ts";
import { english } from "../../../src/base/phrase.ts";
import { tinyGguf } from "../backbone/ggufLlama.ts";

const scratch = mkdtempSync(join(tmpdir(), "adept-copied-"));
const cache = join(scratch, "cache");
process.env["ADEPT_CACHE"] = cache;
const path = join(scratch, "model.gguf");
writeFileSync(path, tinyGguf());
after(() => {
  rmSync(scratch, { recursive: true });
});
beforeEach(() => {
  rmSync(cache, { recursive: true, force: true });
});

const model = (weights: Precision = "fp32") => ({ backbone: path, precision: { weights } });
const inCache = (ending: RegExp): string[] => readdirSync(join(cache, "weights")).filter((name) => ending.test(name));
const isCopy = (progress: DataProgress | CopyProgress): progress is CopyProgress => "doing" in progress;

test("copies are told in bytes, up to all of them, and then opening a model copies nothing", async () => {
  for (const weights of ["fp32", "int8"] as const) {
    rmSync(cache, { recursive: true, force: true });
    const told: CopyProgress[] = [];
    const progress = (each: DataProgress | CopyProgress): void => {
      assert.ok(isCopy(each));
      told.push(each);
    };
    await copiedWeights(model(weights), { ...UNWATCHED, progress });
    const ends = told.filter(({ doing, path: of }, i) => told[i + 1]?.doing !== doing || told[i + 1]?.path !== of);
    const converted = join(cache, "weights", inCache(/-gguf\.safetensors$/)[0]!);
    const expected = [
      ["hashing", path],
      ["copying", path],
      ...(weights === "int8"
        ? [
            ["hashing", converted],
            ["copying", converted],
          ]
        : []),
    ];
    assert.deepEqual(
      ends.map(({ doing, path: of }) => [doing, of]),
      expected,
    );
    for (const { doing, done, total } of ends) assert.equal(done, total, doing);
    for (const doing of ["hashing", "copying"])
      assert.ok(told.filter((each) => each.doing === doing).length > 5, `${doing} yields in between`);
    const before = inCache(/./).sort();
    const { weights: opened, layout } = openBackbone(backboneFolder(path), { precision: weights });
    for (const { name, dims } of layout.weights) opened.read(name, dims);
    assert.deepEqual(inCache(/./).sort(), before);
  }
});

test("a stop between any two pieces ends it and leaves no half file; the next one goes through", async () => {
  let pieces = 0;
  await copiedWeights(model("int8"), { ...UNWATCHED, progress: () => pieces++ });
  for (const wanted of [1, Math.floor(pieces / 4), Math.floor(pieces / 2), pieces - 1]) {
    rmSync(cache, { recursive: true });
    let seen = 0;
    const stopped = copiedWeights(model("int8"), {
      progress: () => seen++,
      stopRequested: () => seen >= wanted,
    });
    await assert.rejects(stopped, PreparationStopped);
    assert.equal(seen, wanted, "nothing is done after the stop");
    assert.deepEqual(inCache(/\.tmp$/), []);
    await copiedWeights(model("int8"), UNWATCHED);
    assert.deepEqual([inCache(/-gguf\.safetensors$/).length, inCache(/-int8\.safetensors$/).length], [1, 1]);
  }
});

/** Copies in a process of its own, which sends itself a signal in the middle of writing. */
function copyingUntil(signal: NodeJS.Signals): { code: number | null; signal: NodeJS.Signals | null } {
  const source = (file: string): string => JSON.stringify(join(import.meta.dirname, "../../../src", file));
  const program = `
    import { copiedWeights } from ${source("training/copiedWeights.ts")};
    let ended = false;
    let copied = 0;
    process.on("SIGTERM", () => { ended = true; });
    const progress = ({ doing }) => {
      if (doing === "copying" && ++copied === 3) process.kill(process.pid, "${signal}");
    };
    copiedWeights(${JSON.stringify(model())}, { progress, stopRequested: () => ended }).then(
      () => process.exit(0),
      (error) => process.exit(error.constructor.name === "PreparationStopped" ? 7 : 1),
    );`;
  const script = join(scratch, "copy.mts");
  writeFileSync(script, program);
  const done = spawnSync(process.execPath, ["--import", import.meta.resolve("tsx"), script], { encoding: "utf8" });
  return { code: done.status, signal: done.signal };
}

test("SIGTERM is heard while a file is copied, and leaves nothing half", () => {
  assert.deepEqual(copyingUntil("SIGTERM"), { code: 7, signal: null });
  assert.deepEqual(inCache(/\.tmp$/), []);
  assert.deepEqual(inCache(/-gguf\.safetensors$/), []);
});

test("what a process that was killed has written goes at the next start, at once; what another one writes stays", async () => {
  assert.equal(copyingUntil("SIGKILL").signal, "SIGKILL");
  const [left] = inCache(/\.tmp$/);
  assert.ok(left !== undefined);
  const own = left.replace(/\.\d+-/, `.${process.ppid}-`);
  writeFileSync(join(cache, "weights", own), "being written");
  await copiedWeights(model(), UNWATCHED);
  assert.deepEqual(inCache(/\.tmp$/), [own]);
  assert.equal(inCache(/-gguf\.safetensors$/).length, 1);
});

test("what was left goes also where nothing is copied; what another machine writes stays", async () => {
  assert.equal(copyingUntil("SIGKILL").signal, "SIGKILL");
  const [left] = inCache(/\.tmp$/);
  await copiedWeights(model(), UNWATCHED);
  const others = `${left!.slice(0, -12)}00000000.tmp`;
  for (const name of [left!, others]) writeFileSync(join(cache, "weights", name), "");
  await copiedWeights(model(), UNWATCHED);
  assert.deepEqual(inCache(/\.tmp$/), [others]);
});

test("what is told has percent and bytes, at most once a second and for each tenth", () => {
  const told: string[] = [];
  let now = 0;
  const progress = toldProgress(
    (text) => told.push(english(text)),
    () => now,
  );
  const total = 4e9;
  for (let done = 0; done <= total; done += 1e8) {
    now += 300;
    progress({ path: "/models/big.gguf", doing: "copying", done, total });
  }
  assert.equal(told[0], "Copying the weights of big.gguf into the cache: 10 %, 400 MB of 4.0 GB");
  assert.ok(told.length <= 10 && told.length >= 8, told.join("\n"));
  now += 10_000;
  progress({ path: "/models/big.gguf", doing: "checking", done: 2e9, total });
  assert.equal(told.at(-1), "Checking the copy of big.gguf in the cache: 50 %, 2.0 GB of 4.0 GB");
});
