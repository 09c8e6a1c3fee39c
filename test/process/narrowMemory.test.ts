import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openBackbone } from "../../src/backbone/openBackbone.ts";
import type { Precision } from "../../src/engine/precisionSpec.ts";
import { writeRandomBackbone } from "../bench/sides/randomBackbone.ts";

const place = mkdtempSync(join(tmpdir(), "adept-memory-"));
const folder = join(place, "model");
const MB = 2 ** 20;
process.env["ADEPT_CACHE"] = join(place, "cache");
after(() => {
  rmSync(place, { recursive: true, force: true });
});

/** Matrices of 88 MB in fp32, none larger than 4. */
const SHAPE = {
  name: "memory",
  width: 512,
  heads: 8,
  headWidth: 64,
  hidden: 2048,
  layers: 3,
  vocabulary: 2048,
  rounds: 1,
};
const WIDE = ((3 * (4 * 512 * 512 + 2 * 512 * 2048) + 3 * (8 * 512 * 512 + 2 * 512 * 2048) + 2048 * 512) * 4) / MB;
const addedOnce = (...args: string[]): number =>
  Number(
    execFileSync(
      process.execPath,
      ["--import", "tsx", join(import.meta.dirname, "narrowMemorySide.ts"), folder, ...args],
      { encoding: "utf8" },
    ),
  );

/** Of three processes the least: garbage that is not collected yet adds to a peak, and nothing takes from it. */
const added = (...args: string[]): number => Math.min(...[0, 1, 2].map(() => addedOnce(...args)));

test(
  "a step holds narrow weights and one wide matrix at a time, not a wide copy of all",
  { skip: process.platform !== "linux" && "peaks are read from Linux's /proc" },
  () => {
    mkdirSync(folder);
    writeRandomBackbone(folder, SHAPE);
    const parts = { int8: 1 / 4, bf16: 1 / 2, fp16: 1 / 2 };
    const fp32 = addedOnce("fp32");
    assert.ok(fp32 > 1.8 * WIDE, `fp32 packs both products' weights: ${fp32} MB`);
    for (const [precision, part] of Object.entries(parts)) {
      // The cache's file is made here, not in the process that is measured.
      openBackbone(folder, { precision: precision as Precision });
      const own = added(precision);
      assert.ok(own < (part + 0.55) * WIDE, `${precision}: ${own} MB of ${WIDE}`);
    }
    const spare = added("fp32", "spare");
    assert.ok(spare < 1.5 * WIDE, `fp32 that is read where it lies: ${spare} MB of ${WIDE}`);
  },
);
