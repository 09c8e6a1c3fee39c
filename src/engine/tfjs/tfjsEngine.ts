import { expanded } from "../../graph/fused.ts";
import { simplify } from "../../graph/passes.ts";
import type { EngineSpec } from "../engineSpec.ts";
import type { Engine } from "../engine.ts";
import { loadTensorFlow } from "./loadTensorFlow.ts";
import { TfProgram } from "./tfProgram.ts";
import { SharedWeights } from "./sharedWeights.ts";

/**
 * Opens TensorFlow through TensorFlow.js, on the GPU where the package for GPUs is installed and finds one.
 * @throws UserError where no package is installed, or the installed one does not load
 */
export function tfjsEngine(spec: EngineSpec): Engine {
  const { tf, name } = loadTensorFlow(spec.threads);
  const sharedWeights = new SharedWeights(tf);
  return {
    name,
    fused: new Set(),
    compile: (outputs, weights) =>
      Promise.resolve().then(() => new TfProgram(tf, sharedWeights, simplify(expanded(outputs)), weights)),
  };
}
