import type { NewRunEvent } from "../../record/events.ts";
import { english } from "../../base/phrase.ts";
import { backboneName } from "../../backbone/backboneName.ts";
import { settled } from "../../engine/engineSpec.ts";
import { oomKills } from "../../run/interruption/oomKills.ts";
import { fitMemory, type MemoryFit } from "../../training/memory/fitMemory.ts";
import { largestShapes } from "../../training/memory/largestShapes.ts";
import { backboneShape, type MemoryInput } from "../../training/memory/memoryNeed.ts";
import { forecastStep } from "../../training/speed/forecastStep.ts";
import type { Prepared } from "../../training/prepare.ts";
import { availableMemory } from "./availableMemory.ts";
import { freeDeviceMemory } from "./freeDeviceMemory.ts";

/** A run's event on its memory. */
export type MemoryTold = Omit<Extract<NewRunEvent, { type: "memory" }>, "type">;

/** What a prepared run's memory depends on. */
export const memoryInput = (prepared: Prepared): MemoryInput => ({
  experiment: prepared.experiment,
  sizes: prepared.sizes,
  train: largestShapes(prepared.train),
  evaluated: [...largestShapes(prepared.validation), ...largestShapes(prepared.test)],
  dataBytes: prepared.dataBytes,
  backbone: backboneShape(prepared.folder),
});

/**
 * Reduces the copies of a run's model to as many as fit into memory, and makes it compute layers a second time where it
 * fits only so, before it trains; and forecasts its steps. TensorFlow.js manages
 * its own memory, so nothing is forecast for it.
 * @throws UserError where one copy does not fit
 */
export async function settleMemory(prepared: Prepared): Promise<MemoryTold | undefined> {
  const { device } = settled(prepared.experiment.engine);
  const wanted = prepared.model.copies;
  if (device === "tfjs") return undefined;
  const own = device === "torch" ? await prepared.model.deviceMemory() : undefined;
  const have = { host: availableMemory(), device: own?.free ?? (await freeDeviceMemory(device)) };
  const input = { ...memoryInput(prepared), torchOnProcessor: own === undefined };
  const { forecast, copies, recomputed, less }: MemoryFit = fitMemory(input, wanted, have);
  prepared.model.limitCopies(copies);
  if (recomputed) prepared.model.recomputeLayers();
  const { backbone, precision } = prepared.experiment;
  const step = await forecastStep(prepared);
  return {
    backbone: backboneName(backbone),
    weights: precision.weights,
    needed: forecast.host,
    available: have.host,
    ...(forecast.device > 0 && { device: { needed: forecast.device, available: have.device } }),
    copies,
    wanted,
    ...(recomputed && { recomputed }),
    ...(step !== undefined && { step }),
    ...(less !== undefined && { less: english(less), lessPhrase: less }),
    oomKills: oomKills(),
  };
}
