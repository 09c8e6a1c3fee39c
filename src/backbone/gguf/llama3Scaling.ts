/** What every published Llama 3 has. */
const LOW = 1;
const HIGH = 4;
/** By how much a factor may differ, as its part: factors are stored as fp32, and computed in it. */
const TOLERANCE = 1e-5;

/** `rope_scaling` of type "llama3". */
export interface Llama3Scaling {
  rope_type: "llama3";
  factor: number;
  low_freq_factor: number;
  high_freq_factor: number;
  original_max_position_embeddings: number;
}

interface Pair {
  /** Positions for a turn. */
  wavelength: number;
  /** By which the frequency is divided. */
  factor: number;
}

/** The part of the original frequency in a pair between the fast and the slow ones. */
const share = ({ factor }: Pair, most: number): number => (1 / factor - 1 / most) / (1 - 1 / most);

/** The factor of a pair, as transformers computes it. */
function factorOf(wavelength: number, most: number, original: number): number {
  if (wavelength < original / HIGH) return 1;
  if (wavelength > original / LOW) return most;
  const smooth = (original / wavelength - LOW) / (HIGH - LOW);
  return 1 / ((1 - smooth) / most + smooth);
}

/**
 * The scaling of Llama 3 that gives these factors; undefined where none does with the usual bounds of fast and slow
 * pairs. The original length is found from the pairs between the bounds, and all factors are then checked.
 * @param factors by which frequencies are divided, by pair
 */
export function llama3Scaling(factors: readonly number[], theta: number): Llama3Scaling | undefined {
  const most = Math.max(...factors);
  const pairs = factors.map((factor, i): Pair => ({ factor, wavelength: 2 * Math.PI * theta ** (i / factors.length) }));
  const between = pairs.find(({ factor }) => factor > 1 + TOLERANCE && factor < most * (1 - TOLERANCE));
  if (between === undefined) return undefined;
  const original = Math.round(between.wavelength * (LOW + (HIGH - LOW) * share(between, most)));
  const fits = pairs.every(
    ({ factor, wavelength }) => Math.abs(factor / factorOf(wavelength, most, original) - 1) < TOLERANCE,
  );
  if (!fits) return undefined;
  return {
    rope_type: "llama3",
    factor: most,
    low_freq_factor: LOW,
    high_freq_factor: HIGH,
    original_max_position_embeddings: original,
  };
}
