/** Ten anchors of viridis (van der Walt and Smith, 2015; CC0), dark to light. */
const ANCHORS: readonly (readonly [number, number, number])[] = [
  [68, 1, 84],
  [72, 40, 120],
  [62, 73, 137],
  [49, 104, 142],
  [38, 130, 142],
  [31, 158, 137],
  [53, 183, 121],
  [110, 206, 88],
  [181, 222, 43],
  [253, 231, 37],
];
const LEVELS = 256;

const TABLE = ((): Uint8ClampedArray => {
  const table = new Uint8ClampedArray(LEVELS * 3);
  for (let level = 0; level < LEVELS; level++) {
    const at = (level / (LEVELS - 1)) * (ANCHORS.length - 1);
    const low = Math.min(ANCHORS.length - 2, Math.floor(at));
    const part = at - low;
    for (let channel = 0; channel < 3; channel++)
      table[3 * level + channel] = Math.round(
        ANCHORS[low]![channel]! * (1 - part) + ANCHORS[low + 1]![channel]! * part,
      );
  }
  return table;
})();

/** The level, 0 to 255, of a value on a scale; values outside get the level of the nearer end. */
export function levelOf(value: number, [low, high]: readonly [number, number]): number {
  if (high <= low) return 0;
  return Math.max(0, Math.min(LEVELS - 1, Math.round(((value - low) / (high - low)) * (LEVELS - 1))));
}

/** The colour of a level; components from 0 to 255. */
export function colourOf(level: number): [red: number, green: number, blue: number] {
  return [TABLE[3 * level]!, TABLE[3 * level + 1]!, TABLE[3 * level + 2]!];
}

/** The colour of a level in CSS. */
export function cssColourOf(level: number): string {
  return `rgb(${colourOf(level).join(" ")})`;
}

/** Black or white, whichever has more contrast with a level's colour (WCAG relative luminance). */
export function inkOn(level: number): "#000000" | "#ffffff" {
  const [r, g, b] = colourOf(level).map((c) => {
    const x = c / 255;
    return x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000000" : "#ffffff";
}

/**
 * The range from the 2nd to the 98th percentile, so that a few outliers do not give all other values the same colour.
 */
export function robustScale(values: readonly number[]): [low: number, high: number] {
  const sorted = values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.round(part * (sorted.length - 1))] ?? 0;
  return [at(0.02), at(0.98)];
}
