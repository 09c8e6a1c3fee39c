import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { writeSafetensors, type Tensors } from "../../../src/backbone/files/safetensors.ts";
import { MersenneTwister } from "../../../src/base/random.ts";
import { openBackbone } from "../../../src/backbone/openBackbone.ts";
import { adept } from "../../../src/method/adept/adept.ts";
import type { Batch } from "../../../src/backbone/batch.ts";
import { writeRandomBackbone } from "./randomBackbone.ts";
import { SIZES, SPEC, type StepShape } from "./shapes.ts";

const CACHE = join(import.meta.dirname, "../../cache/bench");
export const TINY = join(import.meta.dirname, "../../../models/tiny-t5");

/** The folder of a random backbone of this shape, written once; T5-base has 0.9 GB. */
export function randomBackbone(shape: StepShape): string {
  const { name: _, rounds: __, ...sizes } = shape;
  const folder = join(CACHE, `t5-${Object.values(sizes).join("-")}`);
  if (existsSync(folder)) return folder;
  const half = `${folder}.${process.pid}`;
  mkdirSync(half, { recursive: true });
  writeRandomBackbone(half, shape);
  renameSync(half, folder);
  return folder;
}

/** A batch as both sides read it. */
export interface SideBatch {
  rows: number;
  ids: number[];
  mask: number[];
  labels: number[];
}
export const sideBatch = ({ rows, ids, mask, labels }: Batch): SideBatch => ({
  rows,
  ids: Array.from(ids),
  mask: Array.from(mask),
  labels: Array.from(labels),
});

/** Rows of random ids, nothing padded. */
export function randomBatch(
  vocabulary: number,
  { rows, sourceLength, targetLength }: { rows: number; sourceLength: number; targetLength: number },
): SideBatch {
  const random = new MersenneTwister(11);
  const tokens = (count: number): number[] =>
    Array.from({ length: count }, () => 3 + Math.floor(random.uniform() * (vocabulary - 3)));
  return {
    rows,
    ids: tokens(rows * sourceLength),
    mask: new Array<number>(rows * sourceLength).fill(1),
    labels: tokens(rows * targetLength),
  };
}

/**
 * A folder that both sides start from: a backbone's files, ADePT's parameters (random, none zero), batches and the
 * labels to choose among.
 */
export class SideFolder {
  readonly path = mkdtempSync(join(tmpdir(), "adept-bench-"));

  constructor(backbone: string, batches: readonly SideBatch[], candidates: readonly (readonly number[])[] = []) {
    for (const name of readdirSync(backbone)) this.link(resolve(backbone, name), join(this.path, name));
    const random = new MersenneTwister(12);
    const { layout } = openBackbone(backbone);
    const tensors: Tensors = new Map(
      adept.tensors({ spec: SPEC, sizes: SIZES, layout }).map((t) => [
        t.name,
        {
          dims: t.sizes,
          data: Float32Array.from({ length: t.sizes.reduce((a, b) => a * b, 1) }, () => (random.uniform() - 0.5) / 4),
        },
      ]),
    );
    writeSafetensors(join(this.path, "parameters.safetensors"), tensors);
    writeFileSync(join(this.path, "batches.json"), JSON.stringify({ batches, candidates }));
  }

  /** Windows wants a right for links that a user need not have. */
  private link(from: string, to: string): void {
    if (process.platform === "win32") copyFileSync(from, to);
    else symlinkSync(from, to);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
