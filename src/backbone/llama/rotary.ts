import type { LlamaConfig, RopeScaling } from "./llamaConfig.ts";

/** Radians per position of each pair of a head (Su et al. 2021), with Hugging Face's scaling. */
export function rotaryFrequencies({ headWidth, theta, scaling }: LlamaConfig): Float64Array {
  const frequencies = Float64Array.from({ length: headWidth / 2 }, (_, i) => theta ** ((-2 * i) / headWidth));
  return frequencies.map((frequency) => scaled(frequency, scaling));
}

function scaled(frequency: number, scaling: RopeScaling): number {
  if (scaling.type === "default") return frequency;
  if (scaling.type === "linear") return frequency / scaling.factor;
  const { factor, low, high, original } = scaling;
  const wavelength = (2 * Math.PI) / frequency;
  if (wavelength < original / high) return frequency;
  if (wavelength > original / low) return frequency / factor;
  const smooth = (original / wavelength - low) / (high - low);
  return ((1 - smooth) * frequency) / factor + smooth * frequency;
}
