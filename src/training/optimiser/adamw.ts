import { isFixed } from "../../method/fixed.ts";
import type { Parameters, TrainableTensor } from "../../method/parameters.ts";

/** First and second moments of one tensor, in float32 as torch has them. */
export interface Moments {
  m: Float32Array;
  v: Float32Array;
}

/** The state of the optimiser. */
export interface AdamState {
  /** The number of updates made. */
  t: number;
  /** Moments by tensor name. */
  moments: Map<string, Moments>;
}

/** AdamW's settings. */
export interface AdamSettings {
  /**
   * "torch": torch.optim.AdamW. "official": AdamW of transformers version 4, which adds eps before the bias correction.
   */
  variant: "torch" | "official";
  eps: number;
  weightDecay: number;
}

const BETA1 = 0.9;
const BETA2 = 0.999;

/** The state before the first update: all moments zero. */
export function freshState(parameters: Parameters): AdamState {
  const moments = new Map<string, Moments>();
  for (const [name, tensor] of parameters)
    moments.set(name, { m: new Float32Array(tensor.data.length), v: new Float32Array(tensor.data.length) });
  return { t: 0, moments };
}

interface Coefficients {
  rate: number;
  decay: number;
  correction1: number;
  correction2: number;
  settings: AdamSettings;
}

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`AdamW: no ${what}`);
  return value;
}

function nextMoments(old: Moments, gradient: Float32Array): Moments {
  const m = new Float32Array(gradient.length);
  const v = new Float32Array(gradient.length);
  for (let i = 0; i < gradient.length; i++) {
    const g = gradient[i]!;
    m[i] = BETA1 * old.m[i]! + (1 - BETA1) * g;
    v[i] = BETA2 * old.v[i]! + (1 - BETA2) * g * g;
  }
  return { m, v };
}

/** p -= lr wd p; p -= lr (m / bc1) / (sqrt(v / bc2) + eps) */
function torchUpdate(data: Float32Array, { m, v }: Moments, c: Coefficients): Float32Array {
  const next = new Float32Array(data.length);
  const root = Math.sqrt(c.correction2);
  for (let i = 0; i < data.length; i++) {
    const decayed = Math.fround(data[i]! * (1 - c.decay));
    next[i] = decayed - (c.rate / c.correction1) * (m[i]! / (Math.sqrt(v[i]!) / root + c.settings.eps));
  }
  return next;
}

/** p -= lr sqrt(bc2) / bc1 m / (sqrt(v) + eps); p -= lr wd p */
function officialUpdate(data: Float32Array, { m, v }: Moments, c: Coefficients): Float32Array {
  const next = new Float32Array(data.length);
  const size = (c.rate * Math.sqrt(c.correction2)) / c.correction1;
  for (let i = 0; i < data.length; i++) {
    const moved = Math.fround(data[i]! - size * (m[i]! / (Math.sqrt(v[i]!) + c.settings.eps)));
    next[i] = moved * (1 - c.decay);
  }
  return next;
}

/**
 * One AdamW update; pure: neither the parameters nor the state given are changed.
 * @param current parameters and optimiser state
 * @param gradients by tensor name, already clipped
 * @param learningRate by learning-rate group
 * @throws Error if a gradient, a moment or a group's rate is missing (a bug of the caller)
 */
export function adamwStep(
  current: { parameters: Parameters; state: AdamState },
  gradients: Map<string, Float32Array>,
  learningRate: Record<string, number>,
  settings: AdamSettings,
): { parameters: Parameters; state: AdamState } {
  const t = current.state.t + 1;
  const parameters = new Map<string, TrainableTensor>();
  const moments = new Map<string, Moments>();
  for (const [name, tensor] of current.parameters) {
    if (isFixed(tensor)) {
      parameters.set(name, tensor);
      moments.set(name, required(current.state.moments.get(name), `moments of ${name}`));
      continue;
    }
    const gradient = required(gradients.get(name), `gradient of ${name}`);
    const next = nextMoments(required(current.state.moments.get(name), `moments of ${name}`), gradient);
    const rate = required(learningRate[tensor.group], `learning rate of group ${tensor.group}`);
    const coefficients = {
      rate,
      decay: rate * settings.weightDecay,
      correction1: 1 - BETA1 ** t,
      correction2: 1 - BETA2 ** t,
      settings,
    };
    const update = settings.variant === "torch" ? torchUpdate : officialUpdate;
    parameters.set(name, { ...tensor, data: update(tensor.data, next, coefficients) });
    moments.set(name, next);
  }
  return { parameters, state: { t, moments } };
}
