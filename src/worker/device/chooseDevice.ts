import { devicesHere } from "../../engine/device/devicesHere.ts";
import { phrase } from "../../base/phrase.ts";
import { openEngine } from "../../engine/openEngine.ts";
import { candidatesOf, engineOf, type Candidate } from "../../engine/device/candidates.ts";
import { hasBf16Products } from "../../engine/hardwareHere.ts";
import type { EngineSpec } from "../../engine/engineSpec.ts";
import type { MeasuredDevice } from "../../record/events.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { DeviceTimes, shapeKey } from "./deviceTimes.ts";
import { failed, measureDevice, type MeasuredStep } from "./measureDevice.ts";

/**
 * The largest relative difference of loss and gradient norms from the processor's. Sums are in other orders, and some
 * GPUs multiply with 19 bits.
 */
const MOST_DIFFERENT = 0.02;

/** What cannot hold narrow weights. */
const HOLDS_NARROW: readonly Candidate[] = ["cpu", "torch", "torch bf16"];

/**
 * The engine for an experiment, its name, and what each candidate took; nothing is measured where there
 * is one candidate.
 */
export interface DeviceChoice {
  engine: EngineSpec;
  name: string;
  measured: MeasuredDevice[];
}
export interface ChooseOptions {
  signal?: AbortSignal | undefined;
  /** Called before the first measurement: what takes long once and for all is no part of a device's time. */
  ready?: () => Promise<void>;
  candidates?: readonly Candidate[];
  measure?: typeof measureDevice;
  times?: DeviceTimes;
}

const differs = (own: readonly number[], processor: readonly number[]): boolean =>
  own.length !== processor.length ||
  own.some((value, i) => !(Math.abs(value - processor[i]!) <= MOST_DIFFERENT * Math.abs(processor[i]!) + 1e-6));

/** Rejects steps whose numbers differ from the processor's: a driver that computes wrong results is not used. */
export function checked(steps: readonly MeasuredStep[]): MeasuredStep[] {
  const processor = steps.find(({ device }) => device === "cpu");
  if (processor === undefined || "reason" in processor) return [...steps];
  return steps.map((step) =>
    "reason" in step || !differs(step.check, processor.check)
      ? step
      : { device: step.device, ...failed(phrase`its loss or gradients are not the processor's`) },
  );
}

/** The fastest device that was measured; of equals, the first. */
function fastest(steps: readonly MeasuredStep[]): Candidate {
  let best: { device: Candidate; milliseconds: number } | undefined;
  for (const step of steps)
    if (!("reason" in step) && (best === undefined || step.milliseconds < best.milliseconds)) best = step;
  return best?.device ?? "cpu";
}

/**
 * Chooses the fastest device here for an experiment, by a real step of its shape on each. Stored times are not measured
 * again.
 * @returns undefined where `signal` ended it
 */
export async function chooseDevice(
  experiment: Experiment,
  { signal, ready, candidates: given, measure = measureDevice, times = new DeviceTimes() }: ChooseOptions = {},
): Promise<DeviceChoice | undefined> {
  const nameOf = (device: Candidate): string => openEngine(engineOf(device, experiment.engine)).name;
  const all = given ?? candidatesOf(devicesHere(), experiment.engine, hasBf16Products());
  const candidates = experiment.precision.weights === "fp32" ? all : all.filter((each) => HOLDS_NARROW.includes(each));
  if (candidates.length <= 1) {
    const only = candidates[0] ?? "cpu";
    return { engine: engineOf(only, experiment.engine), name: nameOf(only), measured: [] };
  }
  const key = shapeKey(experiment);
  const known = times.known(key);
  const steps: MeasuredStep[] = [];
  const fresh: MeasuredStep[] = [];
  for (const device of candidates) {
    const before = known.get(device);
    if (before === undefined && fresh.length === 0) await ready?.();
    const step = before === undefined ? await measure(experiment, device, { signal }) : { device, ...before };
    if (signal?.aborted === true) return undefined;
    steps.push(step);
    if (before === undefined) fresh.push(step);
  }
  // Where every device fails the reason is the experiment's, which may be mended at once.
  if (fresh.length > 0 && steps.some((step) => !("reason" in step))) times.keep(key, fresh);
  const right = checked(steps);
  const device = fastest(right);
  const own = right.find((step) => step.device === device);
  return {
    engine: engineOf(device, experiment.engine),
    name: own === undefined || "reason" in own ? nameOf("cpu") : own.name,
    measured: right.map((step) =>
      "reason" in step
        ? { device: step.device, reason: step.reason, ...(step.phrase && { phrase: step.phrase }) }
        : { device: step.device, name: step.name, milliseconds: step.milliseconds },
    ),
  };
}
