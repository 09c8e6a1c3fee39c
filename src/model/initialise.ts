import type { MethodSpec } from "../method/methodSpec.ts";
import type { MersenneTwister } from "../base/random.ts";
import type { Parameters } from "../method/parameters.ts";
import type { InitialisationSource, MethodShape } from "../method/method.ts";
import { methodOf } from "../method/registry.ts";

/** The trainable tensors at step 0; the same generator state gives the same bits. */
export function initialise(shape: MethodShape, source: InitialisationSource, random: MersenneTwister): Parameters {
  const method = methodOf(shape.spec.kind);
  return new Map(
    method
      .tensors(shape)
      .map((t) => [
        t.name,
        { name: t.name, dims: t.sizes, group: t.group, data: method.initial(t, shape, source, random) },
      ]),
  );
}

/**
 * The parameters with one component switched off; the others are shared, not copied.
 * @param component a key of the method's switches
 */
export function switchOff(kind: MethodSpec["kind"], component: string, parameters: Parameters): Parameters {
  const change = methodOf(kind).switches[component];
  if (change === undefined) throw new Error(`${kind} has no component ${component}`);
  return new Map(
    [...parameters].map(([name, t]) => {
      if (change.one?.includes(name) === true) return [name, { ...t, data: new Float32Array(t.data.length).fill(1) }];
      if (change.zero.includes(name)) return [name, { ...t, data: new Float32Array(t.data.length) }];
      if (change.empty.includes(name))
        return [name, { ...t, dims: [0, ...t.dims.slice(1)], data: new Float32Array(0) }];
      return [name, t];
    }),
  );
}

/** The components that these parameters have and that can be switched off. */
export function components(kind: MethodSpec["kind"], parameters: Parameters): string[] {
  return Object.entries(methodOf(kind).switches)
    .filter(([, change]) =>
      [...change.zero, ...(change.one ?? []), ...change.empty].some((name) => parameters.has(name)),
    )
    .map(([component]) => component);
}
