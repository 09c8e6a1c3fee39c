import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { fittingSource } from "../../adapter/warmStart.ts";
import type { BackboneLayout } from "../../backbone/layout.ts";
import { UserError } from "../../base/errors.ts";
import { explained } from "../../base/text/explain.ts";
import type { MethodSpec } from "../../method/methodSpec.ts";
import type { MethodSizes } from "../../method/sizes.ts";
import type { Locate } from "./checkData.ts";
import type { ExperimentText } from "./experimentText.ts";

/** Larger adapters, such as whole backbones, are read when training starts. */
const MOST_BYTES = 64e6;

/** Checks that a method can start from the adapter that it names: its tensors, and their shapes. */
export function checkSource(
  text: ExperimentText,
  spec: MethodSpec,
  { sizes, layout, at }: { sizes: MethodSizes; layout: BackboneLayout; at: Locate },
): void {
  const { source } = spec;
  if (source === undefined) return;
  // A run that has not ended yet may have an adapter by the time that this one starts.
  const isRun = existsSync(join(source, "experiment.json"));
  if (isRun && !existsSync(join(source, "adapter/adapter_config.json"))) return;
  const tensors = ["adapter_model.safetensors", "adapter_model.bin"].map(
    (name) => statSync(join(source, name), { throwIfNoEntry: false })?.size ?? 0,
  );
  if (Math.max(...tensors) > MOST_BYTES) return;
  try {
    fittingSource(source, { spec, sizes, layout });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    text.tell(at(["method", "source"]), {
      code: "bad-source",
      message: explained(error.phrase, error.actionPhrase),
    });
  }
}
