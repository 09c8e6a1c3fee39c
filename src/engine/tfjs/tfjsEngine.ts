import { simplify } from "../../graph/passes.ts";
import type { EngineSpec } from "../engineSpec.ts";
import type { Engine } from "../engine.ts";
import { loadTensorFlow } from "./loadTensorFlow.ts";
import { TfProgram } from "./tfProgram.ts";
import { WeightStore } from "./weightStore.ts";

/**
 * TensorFlow by way of TensorFlow.js, on the GPU where its form for GPUs is installed and finds one.
 * @throws UserError where no form of it is installed, or the installed one does not load
 */
export function tfjsEngine(spec: EngineSpec): Engine {
  const { tf, name } = loadTensorFlow(spec.threads);
  const store = new WeightStore(tf);
  return {
    name,
    compile: (outputs, weights) => Promise.resolve().then(() => new TfProgram(tf, store, simplify(outputs), weights)),
  };
}
