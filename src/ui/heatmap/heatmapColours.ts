import * as vscode from "vscode";
import { BINS_PER_SIGN, BINS } from "../../heatmap/colourScale.ts";
import { DisposableStore } from "../window/disposableStore.ts";

/**
 * The contributed colour of a step: `adept.heat1` to 9; of a signed scale `adept.heatBelow1` to 4 and
 * `adept.heatAbove1` to 4.
 */
export const heatColourId = (bin: number, signed: boolean): string =>
  signed ? `adept.heat${bin < 0 ? "Below" : "Above"}${Math.abs(bin)}` : `adept.heat${bin}`;

export const binsOf = (signed: boolean): number[] =>
  signed ? [-4, -3, -2, -1, 1, 2, 3, 4] : Array.from({ length: BINS }, (_, i) => i + 1);

/** How far along its scale a step is, 0 to 1. */
const strength = (bin: number, signed: boolean): number => (signed ? Math.abs(bin) / BINS_PER_SIGN : bin / BINS);

type Types = ReadonlyMap<number, vscode.TextEditorDecorationType>;

/** A line below a token. */
export interface Underline {
  width: number;
  style: "dotted" | "dashed" | "solid";
}
const STYLES = ["dotted", "dashed", "solid"] as const;

/**
 * In high contrast a line below is all there is of a step, and no two are alike: thicker is more, and of one width
 * solid is more than dashed, dashed than dotted; what lies below 0 is dotted.
 */
export function underlineOf(bin: number, signed: boolean): Underline {
  if (signed) return { width: Math.abs(bin), style: bin < 0 ? "dotted" : "solid" };
  return { width: 1 + Math.floor((bin - 1) / STYLES.length), style: STYLES[(bin - 1) % STYLES.length]! };
}

/** Whether steps are told apart by lines. */
export const isHighContrast = (): boolean =>
  [vscode.ColorThemeKind.HighContrast, vscode.ColorThemeKind.HighContrastLight].includes(
    vscode.window.activeColorTheme.kind,
  );

/**
 * One decoration type a colour, made once: the two strongest steps are underlined too, and in high contrast a line
 * below is all there is.
 */
export class HeatmapColours extends DisposableStore {
  /** by kind of scale: signed or not */
  private readonly types = new Map<boolean, Types>();
  private readonly repainted = this.register(new vscode.EventEmitter<void>());
  /** the types are others now: what was painted with the old ones is gone */
  readonly onDidChange = this.repainted.event;

  constructor() {
    super();
    this.register(
      vscode.window.onDidChangeActiveColorTheme(() => {
        if (this.types.size > 0) {
          this.keep([]);
          this.repainted.fire();
        }
      }),
    );
  }

  /** The types of a kind of scale, by step. */
  of(signed: boolean): Types {
    const known =
      this.types.get(signed) ??
      new Map(binsOf(signed).map((bin) => [bin, vscode.window.createTextEditorDecorationType(look(bin, signed))]));
    this.types.set(signed, known);
    return known;
  }

  /** Every type there is now. */
  all(): vscode.TextEditorDecorationType[] {
    return [...this.types.values()].flatMap((types) => [...types.values()]);
  }

  /** Lets go of the types of kinds that no heatmap in sight has. */
  keep(kinds: readonly boolean[]): void {
    for (const [signed, types] of this.types) {
      if (kinds.includes(signed)) continue;
      for (const type of types.values()) type.dispose();
      this.types.delete(signed);
    }
  }

  override dispose(): void {
    this.keep([]);
    super.dispose();
  }
}

function look(bin: number, signed: boolean): vscode.DecorationRenderOptions {
  const colour = new vscode.ThemeColor(heatColourId(bin, signed));
  const part = strength(bin, signed);
  const rangeBehavior = vscode.DecorationRangeBehavior.ClosedClosed;
  const line = ({ width, style }: Underline): vscode.DecorationRenderOptions => ({
    rangeBehavior,
    borderStyle: style,
    borderColor: colour,
    borderWidth: `0 0 ${width}px 0`,
  });
  if (isHighContrast()) return line(underlineOf(bin, signed));
  const below =
    part > 0.75
      ? line({ width: part > 0.9 ? 2 : 1, style: signed && bin < 0 ? "dotted" : "solid" })
      : { rangeBehavior };
  return { ...below, backgroundColor: colour };
}
