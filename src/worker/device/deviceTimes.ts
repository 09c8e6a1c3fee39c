import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod";
import { openBackbone } from "../../backbone/openBackbone.ts";
import { fileState } from "../../backbone/files/weightCache.ts";
import { cacheFolder } from "../../base/files/cacheFolder.ts";
import { devicesHere } from "../../engine/device/devicesHere.ts";
import { hardwareName } from "../../engine/device/hardwareName.ts";
import { onnxruntimeVersion } from "../../engine/device/onnxruntimePackage.ts";
import { lookForTorch } from "../../engine/torch/lookForTorch.ts";
import { StoredPhrase } from "../../base/phraseSchema.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { writeFileAtomic } from "../../base/files/atomicFile.ts";
import { backboneFolder } from "../../backbone/backboneFolder.ts";
import { Calibration } from "./calibrate.ts";
import type { MeasuredStep } from "./measureDevice.ts";

const MOST_SHAPES = 200;
/** How long (ms) a failed device is not tried again; its driver may be repaired later. */
const FAILURE_HOLDS = 24 * 3600_000;

const Kept = z.union([
  Calibration.extend({ at: z.number() }),
  z.object({ reason: z.string(), phrase: StoredPhrase, at: z.number() }),
]);
const Times = z.object({
  version: z.literal(1),
  shapes: z.record(z.string(), z.object({ at: z.number(), devices: z.record(z.string(), Kept) })),
});
type Times = z.infer<typeof Times>;

/** The Python of PyTorch and its version, where this machine may offer it: another one is measured anew. */
const torchHere = (): unknown =>
  devicesHere().includes("torch") ? lookForTorch().map(({ candidate, said }) => [candidate.path, said]) : undefined;

/**
 * A key of everything that a step's time, or the numbers by which devices are compared, depend on: hardware, versions
 * of onnxruntime and PyTorch, the model's files, the precision and the memory setting with which they are held, method
 * and shape.
 */
export function shapeKey(experiment: Experiment, machine = hardwareName()): string {
  const {
    method,
    training: { batchSize, maxSourceLength, maxTargetLength, backboneDropout },
    engine: { threads, replicas, torchDevice, tf32, memory },
    precision: { weights: precision },
  } = experiment;
  const folder = backboneFolder(experiment.backbone);
  const { config, weights } = openBackbone(folder);
  const model = [config, weights.bytes, weights.files.map(fileState), precision, memory];
  return createHash("sha256")
    .update(
      JSON.stringify([
        machine,
        onnxruntimeVersion(),
        [torchHere(), torchDevice, tf32],
        model,
        method,
        batchSize,
        maxSourceLength,
        maxTargetLength,
        backboneDropout,
        threads,
        replicas,
      ]),
    )
    .digest("hex")
    .slice(0, 32);
}

/** Stored times of steps on this machine, in one small file; a missing or damaged file counts as empty. */
export class DeviceTimes {
  constructor(
    private readonly path = join(cacheFolder(), "devices.json"),
    private readonly now: () => number = Date.now,
  ) {}

  /** The stored times of a shape, by device. */
  known(key: string): Map<string, z.infer<typeof Kept>> {
    const devices = Object.entries(this.read().shapes[key]?.devices ?? {});
    return new Map(devices.filter(([, kept]) => !("reason" in kept) || this.now() - kept.at < FAILURE_HOLDS));
  }

  /** Adds measured times; the shapes that were measured longest ago are dropped. */
  keep(key: string, steps: readonly MeasuredStep[]): void {
    const { shapes } = this.read();
    const at = this.now();
    const devices = Object.fromEntries(
      steps.map((step) => [
        step.device,
        "reason" in step
          ? { reason: step.reason, phrase: step.phrase, at }
          : { name: step.name, milliseconds: step.milliseconds, check: step.check, at },
      ]),
    );
    const all = Object.entries({ ...shapes, [key]: { at, devices: { ...shapes[key]?.devices, ...devices } } })
      .sort(([, a], [, b]) => b.at - a.at)
      .slice(0, MOST_SHAPES);
    try {
      mkdirSync(dirname(this.path), { recursive: true });
      writeFileAtomic(this.path, JSON.stringify({ version: 1, shapes: Object.fromEntries(all) } satisfies Times));
    } catch {
      /* a folder that cannot be written: the next run measures again */
    }
  }

  private read(): Times {
    try {
      return Times.parse(JSON.parse(readFileSync(this.path, "utf8")));
    } catch {
      return { version: 1, shapes: {} };
    }
  }
}
