import * as vscode from "vscode";
import { BINS, BINS_PER_SIGN } from "../../heatmap/colourScale.ts";

/**
 * Returns the id of a bin's theme colour: `adept.heat1` to 9, or on a signed scale `adept.heatBelow4` to 1 and
 * `adept.heatAbove1` to 4. The colours themselves are in package.json, under contributes.colors.
 */
export const heatColourId = (bin: number, signed: boolean): string =>
  signed ? `adept.heat${bin < 0 ? "Below" : "Above"}${Math.abs(bin)}` : `adept.heat${bin}`;

/** Returns the bins of a scale that have a colour. */
export const colouredBins = (signed: boolean): number[] =>
  signed ? [-4, -3, -2, -1, 1, 2, 3, 4] : Array.from({ length: BINS }, (_, i) => i + 1);

/** Returns the distance of a bin from the uncoloured end or middle of its scale, 0 to 1. */
export const binStrength = (bin: number, signed: boolean): number =>
  signed ? Math.abs(bin) / BINS_PER_SIGN : bin / BINS;

/** A line below a token. */
export interface Underline {
  /** In pixels. */
  width: number;
  style: "dotted" | "dashed" | "solid";
}
const STYLES = ["dotted", "dashed", "solid"] as const;

/**
 * Returns the underline of a bin in a high-contrast theme, where bins have no background. All bins of a scale differ: a
 * thicker line is a higher bin; with equal width, solid is higher than dashed, dashed higher than dotted. On a signed
 * scale, bins below 0 are dotted.
 */
export function underlineOf(bin: number, signed: boolean): Underline {
  if (signed) return { width: Math.abs(bin), style: bin < 0 ? "dotted" : "solid" };
  return { width: 1 + Math.floor((bin - 1) / STYLES.length), style: STYLES[(bin - 1) % STYLES.length]! };
}

/** Whether the theme is a high-contrast one, in which bins are shown by underlines instead of backgrounds. */
export const isHighContrast = (): boolean =>
  [vscode.ColorThemeKind.HighContrast, vscode.ColorThemeKind.HighContrastLight].includes(
    vscode.window.activeColorTheme.kind,
  );
