import {
  knownModels,
  memoryNeeded,
  recommendedModel,
  type KnownModel,
  type Learnt,
} from "../../backbone/knownModels.ts";
import { offeredTypes } from "../../backbone/offeredTypes.ts";
import { availableMemory } from "./availableMemory.ts";

/** The known models as this machine can use them. */
export interface ModelsHere {
  /** Bytes of memory that are free. */
  available: number;
  /** `memory`: bytes that training takes, about. */
  models: (KnownModel & { memory: number; fits: boolean })[];
  /** The smallest model that learns such data and fits, for each kind of data. */
  recommended: Partial<Record<Learnt, string>>;
}

/** The small models of the Hub that are known to work, of types that users can choose. */
export function modelsHere(available = availableMemory()): ModelsHere {
  const models = knownModels(offeredTypes());
  const best = (learns: Learnt): string | undefined => recommendedModel(models, { learns, available })?.name;
  const [labels, answers] = [best("labels"), best("answers")];
  return {
    available,
    models: models.map((each) => ({ ...each, memory: memoryNeeded(each), fits: memoryNeeded(each) <= available })),
    recommended: { ...(labels !== undefined && { labels }), ...(answers !== undefined && { answers }) },
  };
}
