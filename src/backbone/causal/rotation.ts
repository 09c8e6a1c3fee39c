import type { Rotation, RotationScaling } from "./causalConfig.ts";

/** Radians per position of each pair, and the factor of cosines and sines. */
export interface Rotated {
  frequencies: Float64Array;
  factor: number;
}

const spanOf = ({ width, span = width }: Rotation): number => span;

const pairs = (rotation: Rotation): Float64Array =>
  Float64Array.from({ length: rotation.width / 2 }, (_, i) => rotation.theta ** ((-2 * i) / spanOf(rotation)));

/** Llama 3 (Grattafiori et al. 2024): slow pairs are slowed down, fast ones are not, those between in part. */
function llama3(frequency: number, { factor, low, high, original }: Scaling<"llama3">): number {
  const wavelength = (2 * Math.PI) / frequency;
  if (wavelength < original / high) return frequency;
  if (wavelength > original / low) return frequency / factor;
  const smooth = (original / wavelength - low) / (high - low);
  return ((1 - smooth) * frequency) / factor + smooth * frequency;
}

type Scaling<K extends RotationScaling["type"]> = Extract<RotationScaling, { type: K }>;

/** YaRN (Peng et al. 2023): a ramp by pair between the frequency as it is and the frequency divided by the factor. */
function yarn(rotation: Rotation, { factor, original, fast, slow, truncate }: Scaling<"yarn">): Float64Array {
  const { theta } = rotation;
  const width = spanOf(rotation);
  // The pair that makes so many turns over the original length.
  const pairOf = (turns: number): number =>
    (width * Math.log(original / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const [from, to] = [pairOf(fast), pairOf(slow)];
  const low = Math.max(truncate ? Math.floor(from) : from, 0);
  const top = Math.min(truncate ? Math.ceil(to) : to, width - 1);
  const high = top === low ? top + 0.001 : top;
  return pairs(rotation).map((frequency, i) => {
    const slowed = Math.min(1, Math.max(0, (i - low) / (high - low)));
    return (frequency / factor) * slowed + frequency * (1 - slowed);
  });
}

/** NTK-aware scaling: the base grows with the length of the text. */
function dynamic(rotation: Rotation, { factor, original }: Scaling<"dynamic">, length: number): Float64Array {
  const { theta } = rotation;
  const width = spanOf(rotation);
  const growth = (factor * Math.max(length, original)) / original - (factor - 1);
  return pairs({ ...rotation, theta: theta * growth ** (width / (width - 2)) });
}

/**
 * The rotation of a text of `length` tokens, prompt included; two of the types depend on it. Scaling follows Hugging
 * Face's.
 */
export function rotated(rotation: Rotation, length: number): Rotated {
  const { scaling } = rotation;
  switch (scaling.type) {
    case "default":
      return { frequencies: pairs(rotation), factor: 1 };
    case "linear":
      return { frequencies: pairs(rotation).map((each) => each / scaling.factor), factor: 1 };
    case "llama3":
      return { frequencies: pairs(rotation).map((each) => llama3(each, scaling)), factor: 1 };
    case "dynamic":
      return { frequencies: dynamic(rotation, scaling, length), factor: 1 };
    case "yarn":
      return { frequencies: yarn(rotation, scaling), factor: scaling.attention };
    case "longrope": {
      const by = length > scaling.original ? scaling.long : scaling.short;
      return { frequencies: pairs(rotation).map((each, i) => each / by[i]!), factor: scaling.attention };
    }
  }
}

/** Whether a rotation is the same for texts of all lengths. */
export const isFixed = ({ scaling: { type } }: Rotation): boolean => type !== "dynamic" && type !== "longrope";
