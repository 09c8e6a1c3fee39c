const LEVELS = 127;
/** Of smaller numbers fp32 keeps fewer digits than the scale needs. */
const LEAST_SCALE = 2 ** -126;
/** Added and taken away again it rounds a number below 2^51 to an integer, halves to the even one. */
const ROUNDING = 1.5 * 2 ** 52;

/**
 * Rows of a matrix as integers from -127 to 127 and one factor each: the row's largest magnitude is the 127th level,
 * values go to the nearest level, halves to the even one. A value comes back within half its row's scale: |w - q scale|
 * <= scale / 2.
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

/** Each value's bits made 16 by `narrow`. (`Uint16Array.from` with a function takes a hundred times as long.) */
function halves(values: Float32Array, narrow: (bits: number) => number): Uint16Array {
  const bits = bitsOf(values);
  const made = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) made[i] = narrow(bits[i]!);
  return made;
}

/** The nearest bfloat16 of each finite value, halves to the even one: within 2^-8 of it, relatively. */
export const toBfloat16 = (values: Float32Array): Uint16Array =>
  halves(values, (bits) => (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);

/**
 * The nearest fp16 of each finite value, halves to the even one: within 2^-11 of it, relatively, or within 2^-25 where
 * it is below 2^-14. From 65,520 on it is infinite.
 */
export const toFloat16 = (values: Float32Array): Uint16Array =>
  halves(values, (bits) => {
    const sign = (bits >>> 16) & 0x8000;
    const exponent = (bits >>> 23) & 0xff;
    const fraction = bits & 0x7fffff;
    // Rounding may carry into the exponent, which is right; what passes the largest is infinite.
    if (exponent >= 113) return sign | Math.min(((exponent - 112) << 10) + shifted(fraction, 13), 0x7c00);
    return exponent < 102 ? sign : sign | shifted(fraction | 0x800000, 126 - exponent);
  });

/** n / 2^places as the nearest integer, halves to the even one. */
function shifted(n: number, places: number): number {
  const kept = n >>> places;
  const rest = n & ((1 << places) - 1);
  const half = 1 << (places - 1);
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}
