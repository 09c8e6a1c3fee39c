import { memoryNeeded } from "../backbone/knownModels.ts";
import { offeredTypes } from "../backbone/offeredTypes.ts";
import { hubPlace } from "../hub/hubRequest.ts";
import { searchModels } from "../hub/hubSearch.ts";
import type { ListedModels } from "../protocol/listedModels.ts";
import { modelsHere } from "./device/modelsHere.ts";

/** The known models, with those that suit this machine, and what it can recommend. */
export const listKnownModels = (): ListedModels => modelsHere();

/**
 * The models of the Hub whose name has a text, of types that users can choose.
 * @throws UserError when the Hub cannot be reached
 */
export async function findModels(text: string, signal: AbortSignal): Promise<ListedModels> {
  const { available, recommended } = modelsHere();
  const found = await searchModels(hubPlace(signal, process.env), text, offeredTypes());
  const models = found.map((each) => {
    const memory = each.parameters === undefined ? undefined : memoryNeeded({ parameters: each.parameters });
    return { ...each, memory, fits: memory === undefined || memory <= available };
  });
  return { models, recommended };
}
