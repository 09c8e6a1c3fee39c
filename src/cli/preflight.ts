import type { BackboneLayout } from "../backbone/layout.ts";
import { requireDevice } from "../engine/device/deviceTrouble.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { checkTargets, resolveSizes } from "../method/sizes.ts";
import { backboneFolder } from "../backbone/backboneFolder.ts";
import { backboneLayout, checkPositions } from "../training/prepare.ts";

/**
 * Returns a check of experiments that is made before any of them starts: on its backbone, the sizes fit the budget and
 * texts the method's table of positions; the machine can have the device. Each backbone is read once.
 */
export function preflight(): (experiment: Experiment) => void {
  const layouts = new Map<string, BackboneLayout>();
  return (experiment) => {
    const {
      backbone,
      method,
      engine: { device },
    } = experiment;
    if (device !== "auto") requireDevice(device);
    const layout = layouts.get(backbone) ?? backboneLayout(backboneFolder(backbone));
    layouts.set(backbone, layout);
    checkPositions(experiment, layout);
    checkTargets(method, layout);
    resolveSizes(method, layout);
  };
}
