import { setImmediate } from "node:timers/promises";
import { backboneFolder } from "../backbone/backboneFolder.ts";
import { copyWeights } from "../backbone/openBackbone.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { checkStop, type Preparing } from "./data/preparing.ts";

/** What of an experiment says which copies of its backbone's weights the cache must have. */
type CopiedModel = Pick<Experiment, "backbone"> & { precision: Pick<Experiment["precision"], "weights"> };

/**
 * Makes the copies of a backbone's weights that engines read, where there are none: those of a GGUF file, of a .bin and
 * of narrow weights. Between their pieces, heartbeats are written and a stop is heard; it leaves no half copy.
 * @throws UserError where the weights cannot be read or the cache not be written; PreparationStopped
 */
export async function copiedWeights({ backbone, precision }: CopiedModel, preparing: Preparing): Promise<void> {
  const steps = copyWeights(backboneFolder(backbone), precision.weights);
  try {
    for (;;) {
      const next = steps.next();
      if (next.done === true) return;
      preparing.progress(next.value);
      await setImmediate();
      checkStop(preparing);
    }
  } finally {
    steps.return();
  }
}
