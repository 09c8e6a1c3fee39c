/** The largest int8 level; -128 is left out, so that levels are symmetric. */
const LEVELS = 127;
/** The smallest scale: below it fp32 is subnormal and has too few digits. */
const LEAST_SCALE = 2 ** -126;
/** Adding and subtracting it rounds a number below 2^51 to an integer, ties to even. */
const ROUNDING = 1.5 * 2 ** 52;

/**
 * Quantises the rows of a matrix to int8. A row's scale maps its largest magnitude to level 127; each value becomes the
 * nearest level, ties to even, so that |w - level scale| <= scale / 2.
 * @param values row-major, (rows, width)
 * @returns levels (rows, width) in -127..127, and a scale per row
 */
export function quantiseRows(values: Float32Array, width: number): { levels: Int8Array; scales: Float32Array } {
  const levels = new Int8Array(values.length);
  const scales = new Float32Array(values.length / width);
  for (let row = 0, from = 0; row < scales.length; row++, from += width) {
    let largest = 0;
    for (let i = from; i < from + width; i++) largest = Math.max(largest, Math.abs(values[i]!));
    const scale = (scales[row] = Math.max(Math.fround(largest / LEVELS), LEAST_SCALE));
    for (let i = from; i < from + width; i++) levels[i] = rounded(values[i]! / scale);
  }
  return { levels, scales };
}

/** The levels of four bits: 0 to 15, or -8 to 7. */
const HALVES = 16;

/** A number rounded to an integer, ties to even. */
const rounded = (value: number): number => value + ROUNDING - ROUNDING;

/**
 * Quantises groups of consecutive values to four bits with a sign. The value of the largest magnitude becomes level -8,
 * so the scale has the opposite sign; each other value becomes the nearest level up to 7, ties to even.
 * @returns levels in -8..7, and a scale per group
 */
export function quantiseHalves(values: Float32Array, group: number): { levels: Int8Array; scales: Float32Array } {
  const levels = new Int8Array(values.length);
  const scales = new Float32Array(values.length / group);
  for (let of = 0, from = 0; of < scales.length; of++, from += group) {
    let largest = 0;
    for (let i = from; i < from + group; i++) if (Math.abs(values[i]!) > Math.abs(largest)) largest = values[i]!;
    const scale = (scales[of] = largest / -(HALVES / 2));
    if (Math.abs(scale) < LEAST_SCALE) {
      scales[of] = 0;
      continue;
    }
    for (let i = from; i < from + group; i++) levels[i] = Math.min(HALVES / 2 - 1, rounded(values[i]! / scales[of]!));
  }
  return { levels, scales };
}

/**
 * Quantises groups of consecutive values to four bits between the smallest and the largest value of a group; each value
 * becomes the nearest level, ties to even, so that |w - (level scale + offset)| is at most scale / 2, and rounding.
 * @returns levels in 0..15, and of each group the scale and the smallest value
 */
export function quantiseBetween(
  values: Float32Array,
  group: number,
): { levels: Uint8Array; scales: Float32Array; offsets: Float32Array } {
  const levels = new Uint8Array(values.length);
  const scales = new Float32Array(values.length / group);
  const offsets = new Float32Array(scales.length);
  for (let of = 0, from = 0; of < scales.length; of++, from += group) {
    let [least, most] = [Infinity, -Infinity];
    for (let i = from; i < from + group; i++) {
      least = Math.min(least, values[i]!);
      most = Math.max(most, values[i]!);
    }
    offsets[of] = least;
    const scale = (most - least) / (HALVES - 1);
    if (scale < LEAST_SCALE) continue;
    scales[of] = scale;
    for (let i = from; i < from + group; i++)
      levels[i] = Math.min(HALVES - 1, rounded((values[i]! - least) / scales[of]!));
  }
  return { levels, scales, offsets };
}

/** Levels of four bits, two a byte, the first in the low half. */
export function packHalves(levels: Int8Array | Uint8Array): Uint8Array {
  const bytes = new Uint8Array(levels.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (levels[2 * i]! & 15) | ((levels[2 * i + 1]! & 15) << 4);
  return bytes;
}

const bitsOf = (values: Float32Array): Uint32Array => new Uint32Array(values.buffer, values.byteOffset, values.length);

/** Applies `narrow` to each value's fp32 bits. (`Uint16Array.from` with a function takes a hundred times as long.) */
function halves(values: Float32Array, narrow: (bits: number) => number): Uint16Array {
  const bits = bitsOf(values);
  const made = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) made[i] = narrow(bits[i]!);
  return made;
}

/** Rounds finite values to bfloat16, ties to even; the relative error is at most 2^-8. */
export const toBfloat16 = (values: Float32Array): Uint16Array =>
  halves(values, (bits) => (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);

/**
 * Rounds finite values to fp16, ties to even. The relative error is at most 2^-11; below 2^-14 the absolute error is at
 * most 2^-25. From 65,520 on the result is infinite.
 */
export const toFloat16 = (values: Float32Array): Uint16Array =>
  halves(values, (bits) => {
    const sign = (bits >>> 16) & 0x8000;
    const exponent = (bits >>> 23) & 0xff;
    const fraction = bits & 0x7fffff;
    // Rounding may carry into the exponent, which is right; what exceeds the largest fp16 becomes infinite.
    if (exponent >= 113) return sign | Math.min(((exponent - 112) << 10) + shifted(fraction, 13), 0x7c00);
    return exponent < 102 ? sign : sign | shifted(fraction | 0x800000, 126 - exponent);
  });

/** Rounds n / 2^places to the nearest integer, ties to even. */
function shifted(n: number, places: number): number {
  const kept = n >>> places;
  const rest = n & ((1 << places) - 1);
  const half = 1 << (places - 1);
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}
