import { MersenneTwister } from "../../../src/base/random.ts";
import type { Parameters } from "../../../src/method/parameters.ts";
import { methodOf } from "../../../src/method/registry.ts";
import type { LocalModel } from "../../../src/model/localModel.ts";

/** Random values for every tensor of a model's method, the same at each call. */
export function randomParameters(model: LocalModel, kind: string): Parameters {
  const random = new MersenneTwister(7);
  const tensors = methodOf(kind).tensors(model.shape);
  return new Map(
    tensors.map(({ name, sizes, group }) => {
      const data = Float32Array.from({ length: sizes.reduce((a, b) => a * b, 1) }, () => 0.3 * random.normal());
      return [name, { name, dims: sizes, group, data }];
    }),
  );
}
