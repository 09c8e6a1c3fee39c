import { mkdirSync, statfsSync, writeFileSync } from "node:fs";
import { freemem, tmpdir } from "node:os";
import { join } from "node:path";
import { writeSafetensors, type Tensors } from "../../src/backbone/files/safetensors.ts";
import { MersenneTwister } from "../../src/base/random.ts";
import { bytesOf, configOf, tensorsOf, type ModelShape } from "./modelShape.ts";

/** What both sides train. */
export const SPEC = { kind: "adept", variant: "standard", promptInit: "random", initText: "", dropout: 0 } as const;
export const SIZES = { promptLength: 20, bottleneck: 39 };
/** Share of free space that one model's file may take. */
const SHARE = 0.6;

/** Bytes free in a folder; 0 where it is not there. */
function freeIn(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}

/**
 * The folder with most room for files of models, and the bytes that one of them may have. A folder in memory is the
 * faster, and takes no more of it than the system's own copy of a file on a disk does.
 */
export function roomiest(): { folder: string; bytes: number } {
  const shared = process.platform === "linux" ? Math.min(freeIn("/dev/shm"), freemem() / 3) : 0;
  const disk = freeIn(tmpdir());
  return shared > 40e9 || shared > disk
    ? { folder: "/dev/shm", bytes: shared * SHARE }
    : { folder: tmpdir(), bytes: disk * SHARE };
}

function parametersOf({ width }: ModelShape): Tensors {
  const { promptLength, bottleneck } = SIZES;
  const random = new MersenneTwister(12);
  const tensor = (...dims: number[]): { dims: number[]; data: Float32Array } => ({
    dims,
    data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => (random.uniform() - 0.5) / 10),
  });
  return new Map([
    ["prompt", tensor(promptLength, width)],
    ["w_down", tensor(width, bottleneck)],
    ["b_down", tensor(bottleneck)],
    ["w_up", tensor(bottleneck, width)],
    ["b_up", tensor(width)],
  ]);
}

/** Rows of random ids, nothing padded. */
function batchOf({ vocabulary, batch: { rows, sourceLength, targetLength } }: ModelShape): object {
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

/** Writes all of a model's folder but the weights, which `peer.py make` draws. */
export function writeModelFolder(folder: string, shape: ModelShape): void {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, value: object): void => {
    writeFileSync(join(folder, name), JSON.stringify(value));
  };
  write("config.json", configOf(shape));
  write("tensors.json", { dtype: shape.stored, bytes: bytesOf(shape), tensors: tensorsOf(shape) });
  write("method.json", { spec: SPEC, sizes: SIZES });
  write("batches.json", { batches: [batchOf(shape)], candidates: [] });
  writeSafetensors(join(folder, "parameters.safetensors"), parametersOf(shape));
}
