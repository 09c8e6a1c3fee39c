import type { HostTensor } from "../engine/program.ts";
import { isFixed } from "../method/fixed.ts";
import type { Parameters } from "../method/parameters.ts";
import type { StepResult } from "./model.ts";

/** Loss and gradients from the results of a program with the outputs `loss` and `grad:NAME`. */
export function stepResult(results: Readonly<Record<string, HostTensor>>, parameters: Parameters): StepResult {
  const gradients = [...parameters.values()]
    .filter((tensor) => !isFixed(tensor))
    .map(({ name }) => [name, results[`grad:${name}`]!.data as Float32Array] as const);
  return { loss: results["loss"]!.data[0]!, gradients: new Map(gradients) };
}
