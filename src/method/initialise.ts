import type { MethodSpec } from "../experiment/experiment.ts";
import type { MersenneTwister } from "../experiment/random.ts";
import type { Parameters } from "../training/model.ts";
import type { InitialisationSource, MethodSizes } from "./method.ts";
import { METHODS } from "./registry.ts";

/** The trainable tensors at step 0; the same generator state gives the same bits. */
export function initialise(method: MethodSpec, sizes: MethodSizes, source: InitialisationSource, random: MersenneTwister): Parameters {
  const known = METHODS[method.kind];
  return new Map(known.tensors(sizes, source.width).map((t) => [t.name, { name: t.name, dims: t.sizes, group: t.group, data: known.initial(t, method, source, random) }]));
}

/** The parameters with one component switched off; the others are shared, not copied. @param component a key of the method's switches */
export function switchOff(kind: MethodSpec["kind"], component: string, parameters: Parameters): Parameters {
  const change = METHODS[kind].switches[component];
  if (change === undefined) throw new Error(`${kind} has no component ${component}`);
  return new Map([...parameters].map(([name, t]) => {
    if (change.zero.includes(name)) return [name, { ...t, data: new Float32Array(t.data.length) }];
    if (change.empty.includes(name)) return [name, { ...t, dims: [0, ...t.dims.slice(1)], data: new Float32Array(0) }];
    return [name, t];
  }));
}
