import type { BackboneLayout } from "../backbone/t5Layout.ts";
import { requireTensorFlow } from "../engine/tfjs/findTensorFlow.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { resolveSizes } from "../method/sizes.ts";
import { backboneFolder } from "../training/backboneFolder.ts";
import { backboneLayout } from "../training/prepare.ts";

/** A check of experiments before any of them starts: the budget can be kept on the backbone, and the device has its engine. Backbones are looked at once each. */
export function preflight(): (experiment: Experiment) => void {
  const layouts = new Map<string, BackboneLayout>();
  return ({ backbone, method, engine }) => {
    if (engine.device === "tfjs") requireTensorFlow();
    const layout = layouts.get(backbone) ?? backboneLayout(backboneFolder(backbone));
    layouts.set(backbone, layout);
    resolveSizes(method, layout);
  };
}
