import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import { isFixed } from "../method/fixed.ts";
import type { MethodShape } from "../method/method.ts";
import type { Parameters } from "../method/parameters.ts";
import { methodOf } from "../method/registry.ts";
import type { Trained } from "../method/trained.ts";
import { loadAdapter, type Adapter } from "./adapterFolder.ts";

/**
 * Reads the adapter that a method starts from.
 * @param source folder of a run or of an adapter
 * @throws UserError naming the tensor that the method does not have, or has in another shape
 */
export function fittingSource(source: string, shape: MethodShape): Adapter {
  const inRun = join(source, "adapter");
  const folder = existsSync(join(inRun, "adapter_config.json")) ? inRun : source;
  const adapter = loadAdapter(folder, shape.layout);
  const wanted = new Map(
    methodOf(shape.spec.kind)
      .tensors(shape)
      .map(({ name, sizes }) => [name, sizes]),
  );
  for (const [name, tensor] of adapter.parameters) {
    if (isFixed(tensor)) continue;
    const { dims } = tensor;
    const own = wanted.get(name);
    if (own === undefined)
      throw new UserError(
        "source-tensor-unknown",
        phrase`method.source: ${folder} has a tensor "${name}" that this method does not have`,
        phrase`It has ${[...wanted.keys()].slice(0, 8).join(", ")}. Start from an adapter of the same method, or of prompt tuning.`,
      ).about(["method", "source"]);
    if (own.join() !== dims.join())
      throw new UserError(
        "source-tensor-shape",
        phrase`method.source: "${name}" in ${folder} has shape (${dims.join(", ")}), this method needs (${own.join(", ")})`,
        phrase`Give the method the sizes of the adapter it starts from.`,
      ).about(["method", "source"]);
  }
  return adapter;
}

/**
 * The initial values of a method's tensors, with the tensors of a trained adapter where it has them: a prompt from a
 * source task, or a whole method. Where both have a scale, as LoRA's alpha / r, the values are rescaled, so that
 * training starts from what the adapter computes.
 * @param source folder of a run or of an adapter; undefined changes nothing
 * @throws UserError as `fittingSource` does
 */
export function warmStart(initial: Parameters, source: string | undefined, shape: MethodShape): Parameters {
  if (source === undefined) return initial;
  const started = new Map(initial);
  const adapter = fittingSource(source, shape);
  const own = { ...shape, parameters: initial };
  for (const [name, tensor] of adapter.parameters) {
    if (isFixed(tensor)) continue;
    const { data } = tensor;
    const ratio = factorOf(adapter, name) / factorOf(own, name);
    started.set(name, { ...initial.get(name)!, data: ratio === 1 ? data.slice() : data.map((value) => value * ratio) });
  }
  return started;
}

/** The factor that a method of its own kind multiplies a tensor by. */
const factorOf = (trained: Trained, tensor: string): number =>
  methodOf(trained.spec.kind).factorOf?.(trained, tensor) ?? 1;
