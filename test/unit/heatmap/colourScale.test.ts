import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { binOf, percentileScale, sharedScale } from "../../../src/heatmap/colourScale.ts";
import { colouredRanges, rangesToPaint } from "../../../src/heatmap/colouredRanges.ts";
import type { PlacedToken } from "../../../src/heatmap/placedTokens.ts";

type Rgb = [number, number, number];
const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "../../../package.json"), "utf8")) as {
  contributes: { colors: { id: string; description: string; defaults: Record<string, string> }[] };
};
const { colors } = manifest.contributes;
/** Background and foreground of the default themes. */
const THEMES: Record<string, [string, string]> = {
  dark: ["#1F1F1F", "#CCCCCC"],
  light: ["#FFFFFF", "#3B3B3B"],
  highContrast: ["#000000", "#FFFFFF"],
  highContrastLight: ["#FFFFFF", "#292929"],
};
const rgb = (hex: string): Rgb => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as Rgb;
const over = (colour: string, background: string): Rgb => {
  const alpha = colour.length > 7 ? parseInt(colour.slice(7), 16) / 255 : 1;
  const below = rgb(background);
  return rgb(colour).map((c, i) => alpha * c + (1 - alpha) * below[i]!) as Rgb;
};
const luminance = (colour: Rgb): number =>
  colour
    .map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i]!, 0);
const contrast = (a: Rgb, b: Rgb): number => {
  const [x, y] = [luminance(a), luminance(b)].sort((m, n) => n - m);
  return (x! + 0.05) / (y! + 0.05);
};

test("every bin has a colour in every kind of theme, over which text keeps 4.5 to 1", () => {
  assert.deepEqual(
    colors.map(({ id }) => id),
    [
      ...Array.from({ length: 9 }, (_, i) => `adept.heat${i + 1}`),
      ...["Below", "Above"].flatMap((side) => [1, 2, 3, 4].map((i) => `adept.heat${side}${i}`)),
    ],
  );
  for (const { id, defaults } of colors) {
    assert.deepEqual(Object.keys(defaults).sort(), Object.keys(THEMES).sort());
    for (const [theme, [background, foreground]] of Object.entries(THEMES)) {
      const colour = defaults[theme]!;
      // In a high-contrast theme the colour is an underline, which must be visible itself.
      if (theme.startsWith("high")) assert.ok(contrast(rgb(colour), rgb(background)) >= 4.5, `${id} ${theme}`);
      else
        assert.ok(
          contrast(over(colour, background), rgb(foreground)) >= 4.5,
          `${id} ${theme}: ${contrast(over(colour, background), rgb(foreground)).toFixed(2)}`,
        );
    }
  }
});

test("higher bins have stronger colours", () => {
  for (const theme of ["dark", "light"]) {
    const strengths = colors
      .slice(0, 9)
      .map(({ defaults }) => contrast(over(defaults[theme]!, THEMES[theme]![0]), rgb(THEMES[theme]![0])));
    strengths.slice(1).forEach((each, i) => {
      assert.ok(each > strengths[i]! * 1.02, `${theme} ${i}: ${strengths.join(" ")}`);
    });
  }
});

test("a higher value has no lower bin, values outside the scale have the bin of its end, and the middle of a signed scale has no colour", () => {
  const scale = { low: 2, high: 20, signed: false };
  assert.deepEqual(
    [1, 2, 3.9, 4, 19.9, 20, 99].map((x) => binOf(x, scale)),
    [1, 1, 1, 2, 9, 9, 9],
  );
  assert.deepEqual(
    [NaN, Infinity, null, undefined].map((x) => binOf(x, scale)),
    [0, 0, 0, 0],
  );
  assert.equal(binOf(5, { low: 5, high: 5, signed: false }), 5);
  const signed = { low: -1, high: 1, signed: true };
  assert.deepEqual(
    [-1, -0.5, -0.1, 0, 0.1, 0.12, 0.5, 1, 7].map((x) => binOf(x, signed)),
    [-4, -2, 0, 0, 0, 1, 2, 4, 4],
  );
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, min: -50, max: 50 }),
      fc.double({ noNaN: true, min: -50, max: 50 }),
      (a, b) => {
        for (const each of [scale, signed])
          assert.ok(a <= b === binOf(a, each) <= binOf(b, each) || binOf(a, each) === binOf(b, each));
      },
    ),
  );
  assert.deepEqual(percentileScale(Array.from({ length: 101 }, (_, i) => i)), { low: 2, high: 98, signed: false });
  assert.deepEqual(sharedScale([scale, { low: 0, high: 5, signed: false }]), { low: 0, high: 20, signed: false });
});

test("if nearly all values are equal, the scale distinguishes the others", () => {
  const zeros = Array.from({ length: 980 }, () => 0);
  const some = percentileScale([...zeros, ...Array.from({ length: 20 }, (_, i) => i + 1)]);
  assert.equal(some.low, 0);
  assert.ok(some.high > 19 && some.high <= 20);
  assert.notEqual(binOf(2, some), binOf(18, some));
  assert.deepEqual(percentileScale([...zeros.map(() => 3), 1, 9]), { low: 1, high: 9, signed: false });
  assert.deepEqual(percentileScale([4, 4, 4]), { low: 4, high: 4, signed: false });
  assert.deepEqual(percentileScale([0, 0]), { low: 0, high: 0, signed: false });
  assert.deepEqual(percentileScale([NaN, 5, 5]), { low: 5, high: 5, signed: false });
  assert.deepEqual(percentileScale([]), { low: 0, high: 0, signed: false });
});

const token = (line: number, from: number, to: number, value: number | null): PlacedToken => ({
  line,
  from,
  to,
  value,
  id: 5,
  position: 0,
});
const scale = { low: 0, high: 9, signed: false };
const textOf = (): string => "ab ".repeat(3000);

test("adjacent tokens of one bin are one range; gaps and tokens without a value are in none", () => {
  assert.deepEqual(
    colouredRanges(
      [
        token(0, 0, 2, 1),
        token(0, 2, 4, 1.5),
        token(0, 5, 6, 1),
        token(0, 6, 8, 7),
        token(0, 8, 9, null),
        token(1, 0, 1, 7),
      ],
      scale,
    ),
    [
      { line: 0, from: 0, to: 4, bin: 2 },
      { line: 0, from: 5, to: 6, bin: 2 },
      { line: 0, from: 6, to: 8, bin: 8 },
      { line: 1, from: 0, to: 1, bin: 8 },
    ],
  );
  assert.deepEqual(
    colouredRanges([token(0, 0, 1, 1), token(0, 0, 1, 8), token(0, 0, 2, 8)], scale),
    [{ line: 0, from: 0, to: 2, bin: 9 }],
    "the strongest of several tokens for one character colours it",
  );
  // Two letters, an emoji of two units, and a letter: the tokens "ab😀…", "…😀…" and "…😀c".
  assert.deepEqual(
    colouredRanges([token(0, 0, 4, 1), token(0, 2, 4, 5), token(0, 2, 5, 3), token(0, 5, 6, 3)], scale),
    [
      { line: 0, from: 0, to: 2, bin: 2 },
      { line: 0, from: 2, to: 4, bin: 6 },
      { line: 0, from: 4, to: 6, bin: 4 },
    ],
  );
  assert.deepEqual(
    colouredRanges([token(0, 0, 1, 0.2), token(0, 0, 1, -0.9), token(1, 0, 1, null), token(1, 0, 1, 0.5)], {
      low: -1,
      high: 1,
      signed: true,
    }).map(({ line, bin }) => [line, Math.sign(bin)]),
    [
      [0, -1],
      [1, 1],
    ],
    "of a signed scale the farthest from 0; a token without a value hides no other",
  );
});

test("too many ranges are reduced to columns, words or lines, and the result names the detail", () => {
  const line = (length: number, at = 0): PlacedToken[] =>
    Array.from({ length }, (_, i) => token(at, 3 * i, 3 * i + 2, i % 9));
  const cursor = { line: 0, column: 3000 };
  assert.deepEqual(rangesToPaint(line(50), scale, { mostRanges: 60, cursor: undefined, textOf }), {
    ranges: colouredRanges(line(50), scale),
    detail: "tokens",
    columns: undefined,
  });
  const clipped = rangesToPaint(line(2000), scale, { mostRanges: 500, cursor, textOf });
  assert.equal(clipped.detail, "tokens");
  assert.equal(clipped.columns, 400);
  assert.ok(
    clipped.ranges.length <= 500 &&
      clipped.ranges.some(({ from }) => from > 2700) &&
      clipped.ranges.some(({ from }) => from < 300) &&
      !clipped.ranges.some(({ from }) => from > 500 && from < 2500),
  );
  const many = Array.from({ length: 100 }, (_, i) => line(60, i))
    .flat()
    .flatMap((each) => [
      { ...each, to: each.from + 1 },
      { ...each, from: each.from + 1 },
    ]);
  for (const most of [6001, 2000, 150])
    assert.ok(rangesToPaint(many, scale, { mostRanges: most, cursor, textOf }).ranges.length <= most);
  assert.equal(rangesToPaint(many, scale, { mostRanges: 150, cursor, textOf }).detail, "lines");
  // Words end at spaces, even if a token includes the space before it.
  const words = rangesToPaint(
    [token(0, 0, 1, 1), token(0, 1, 2, 8), token(0, 2, 4, 1), token(0, 4, 5, 8), ...line(500, 1)],
    scale,
    { mostRanges: 300, cursor: undefined, textOf: (at) => (at === 0 ? "ab cd" : textOf()) },
  );
  assert.equal(words.detail, "tokens");
  const coarse = rangesToPaint([token(0, 0, 1, 0), token(0, 1, 2, 8), token(0, 2, 4, 2), token(0, 4, 5, 8)], scale, {
    mostRanges: 2,
    cursor: undefined,
    textOf: () => "ab cd",
  });
  // The first columns of a wrapped line that begins above the window are the visible ones.
  const wrapped = Array.from({ length: 2000 }, (_, i) => token(0, 50_000 + 3 * i, 50_000 + 3 * i + 2, i % 9));
  const seen = rangesToPaint(wrapped, scale, { mostRanges: 500, cursor: undefined, textOf, startOf: () => 50_000 });
  assert.equal(seen.detail, "tokens");
  assert.ok(seen.ranges.length > 200 && seen.ranges.every(({ from }) => from < 51_500));
  assert.deepEqual(
    [coarse.detail, coarse.ranges],
    [
      "words",
      [{ line: 0, from: 0, to: 5, bin: 5 }].flatMap(() => [
        { line: 0, from: 0, to: 2, bin: 5 },
        { line: 0, from: 2, to: 5, bin: 6 },
      ]),
    ],
  );
});
