import { openBackbone, type Backbone } from "../backbone/openBackbone.ts";
import type { BackboneWeights } from "../backbone/files/weights.ts";
import type { CompileOptions } from "../engine/engine.ts";
import type { EngineSpec } from "../engine/engineSpec.ts";
import type { Precision } from "../engine/precisionSpec.ts";
import { levelsAccess, weightAccess, type WeightAccess } from "./weightAccess.ts";

/** How a model's weights are opened; see ModelOptions. */
interface WeightOptions {
  folder: string;
  engine: EngineSpec;
  precision?: Precision;
  training?: boolean;
  verified?: boolean;
}

/** The backbone, and its weights as training steps and as predictions read them. */
export interface OpenedWeights {
  backbone: Backbone;
  step: BackboneWeights;
  predict: BackboneWeights;
  /** See `levelsAccess`. */
  levels: (isStep: boolean) => CompileOptions["levels"];
}

/**
 * Opens the weights with the access that the engine's memory setting allows.
 * @throws UserError as `openBackbone`
 */
export function openWeights({
  folder,
  engine,
  precision = "fp32",
  training = false,
  verified,
}: WeightOptions): OpenedWeights {
  const backbone = openBackbone(folder, { precision, verified });
  const own = backbone.weights;
  const { bytes, hasLevels } = own;
  const access = weightAccess(engine, { precision, hasLevels, bytes, isCausal: backbone.layout.isCausal, training });
  // Narrow weights are never packed.
  const isMapped = precision === "fp32" && Object.values(access).includes("mapped");
  const mapped = isMapped ? openBackbone(folder, { precision, mapped: true }).weights : own;
  const as = (how: WeightAccess): BackboneWeights => (how === "mapped" ? mapped : own);
  return {
    backbone,
    step: as(access.step),
    predict: as(access.predict),
    levels: (isStep) => levelsAccess(engine, { bytes, training }, isStep),
  };
}
