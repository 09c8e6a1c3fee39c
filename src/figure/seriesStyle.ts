/**
 * Colours of series, in order: names of VS Code's chart colours with the values that its default themes give them. The
 * page reads the theme's own.
 */
export const COLOURS = [
  { name: "blue", light: "#1a85ff", dark: "#59a4f9" },
  { name: "orange", light: "#d18616", dark: "#d18616" },
  { name: "green", light: "#388a34", dark: "#89d185" },
  { name: "purple", light: "#652d90", dark: "#b180d7" },
  { name: "red", light: "#e51400", dark: "#f14c4c" },
  { name: "yellow", light: "#bf8803", dark: "#cca700" },
] as const;

/** What a picture outside of the editor is written with, in its light form. */
export const INK = { text: "#1b1b1b", grid: "#c8c8c8" } as const;

const DASHES: readonly (readonly number[])[] = [[], [6, 3], [2, 2], [8, 3, 2, 3]];
const SHAPES = ["circle", "triangle", "rect", "rectRot", "star", "crossRot"] as const;

/** The shape of a series' marks, by chart.js' names. */
export type Shape = (typeof SHAPES)[number];

/** How a series looks: its place among the colours, its dashes in pixels (none: a solid line), and its marks. */
export interface SeriesStyle {
  colour: number;
  dash: readonly number[];
  shape: Shape;
}

/**
 * The style of series number `index`. Series differ without colour too, and there are many more combinations than
 * colours.
 */
export const styleAt = (index: number): SeriesStyle => ({
  colour: index % COLOURS.length,
  dash: DASHES[Math.floor(index / COLOURS.length + index) % DASHES.length]!,
  shape: SHAPES[index % SHAPES.length]!,
});

/**
 * Assigns each run an index in the cycle of styles, from its id, so that it looks the same in every figure. Where two
 * would share a colour while others are free, the later id gets the next free one.
 */
export function stableStyles(ids: readonly string[], places = 24): Map<string, number> {
  const taken = new Map<string, number>();
  const used = new Set<number>();
  const colours = new Set<number>();
  for (const id of [...ids].sort()) {
    const from = hash(id) % places;
    const order = Array.from({ length: places }, (_, i) => (from + i) % places);
    const place =
      order.find(
        (each) => !used.has(each) && (colours.size >= COLOURS.length || !colours.has(each % COLOURS.length)),
      ) ??
      order.find((each) => !used.has(each)) ??
      from;
    used.add(place);
    colours.add(place % COLOURS.length);
    taken.set(id, place);
  }
  return taken;
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}
