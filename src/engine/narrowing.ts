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
    for (let i = from; i < from + width; i++) levels[i] = values[i]! / scale + ROUNDING - ROUNDING;
  }
  return { levels, scales };
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
