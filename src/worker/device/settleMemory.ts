import type { NewRunEvent } from "../../record/events.ts";
import { settled } from "../../engine/engineSpec.ts";
import { oomKills } from "../../run/interruption/oomKills.ts";
import { fitMemory, type MemoryFit } from "../../training/memory/fitMemory.ts";
import { backboneShape, type MemoryInput } from "../../training/memory/memoryNeed.ts";
import type { Prepared } from "../../training/prepare.ts";
import { availableMemory } from "./availableMemory.ts";
import { freeDeviceMemory } from "./freeDeviceMemory.ts";

/** What is told of a run's memory. */
export type MemoryTold = Omit<Extract<NewRunEvent, { type: "memory" }>, "type">;

/** Of a prepared run what its memory depends on. */
export const memoryInput = ({ experiment, folder, sizes, train, validation, test }: Prepared): MemoryInput => ({
  experiment,
  sizes,
  train,
  evaluated: [...validation, ...test],
  backbone: backboneShape(folder),
});

/**
 * Leaves a run's model at as many copies as there is memory for, before it computes anything. TensorFlow.js keeps its
 * own house: nothing is known of that.
 * @throws UserError where there is too little for one
 */
export async function settleMemory(prepared: Prepared): Promise<MemoryTold | undefined> {
  const { device } = settled(prepared.experiment.engine);
  const wanted = prepared.model.copies;
  if (device === "tfjs") return undefined;
  const have = { host: availableMemory(), device: await freeDeviceMemory(device) };
  const { forecast, copies, less }: MemoryFit = fitMemory(memoryInput(prepared), wanted, have);
  prepared.model.limitCopies(copies);
  return {
    needed: forecast.host,
    available: have.host,
    ...(forecast.device > 0 && { device: { needed: forecast.device, available: have.device } }),
    copies,
    wanted,
    less,
    oomKills: oomKills(),
  };
}
