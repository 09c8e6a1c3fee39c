import * as vscode from "vscode";
import { SIGNED_STEPS, STEPS } from "../heatmap/bins.ts";
import { Store } from "./disposable.ts";

/** The contributed colour of a step: `adept.heat1` to 9; of a signed scale `adept.heatBelow1` to 4 and `adept.heatAbove1` to 4. */
export const colourOf = (bin: number, signed: boolean): string => (signed ? `adept.heat${bin < 0 ? "Below" : "Above"}${Math.abs(bin)}` : `adept.heat${bin}`);

export const binsOf = (signed: boolean): number[] => (signed ? [-4, -3, -2, -1, 1, 2, 3, 4] : Array.from({ length: STEPS }, (_, i) => i + 1));

/** How far along its scale a step is, 0 to 1. */
const strength = (bin: number, signed: boolean): number => (signed ? Math.abs(bin) / SIGNED_STEPS : bin / STEPS);

type Types = ReadonlyMap<number, vscode.TextEditorDecorationType>;

/** One decoration type a colour, made once: the two strongest steps are underlined too, and in high contrast a line below is all there is. */
export class HeatmapColours extends Store {
  /** by kind of scale: signed or not */
  private readonly types = new Map<boolean, Types>();
  private readonly repainted = this.register(new vscode.EventEmitter<void>());
  /** the types are others now: what was painted with the old ones is gone */
  readonly onDidChange = this.repainted.event;

  constructor() {
    super();
    this.register(vscode.window.onDidChangeActiveColorTheme(() => { if (this.types.size > 0) { this.keep([]); this.repainted.fire(); } }));
  }

  /** The types of a kind of scale, by step. */
  of(signed: boolean): Types {
    const known = this.types.get(signed) ?? new Map(binsOf(signed).map((bin) => [bin, vscode.window.createTextEditorDecorationType(look(bin, signed))]));
    this.types.set(signed, known);
    return known;
  }

  /** Every type there is now. */
  all(): vscode.TextEditorDecorationType[] { return [...this.types.values()].flatMap((types) => [...types.values()]); }

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
  const colour = new vscode.ThemeColor(colourOf(bin, signed)), { kind } = vscode.window.activeColorTheme, part = strength(bin, signed), rangeBehavior = vscode.DecorationRangeBehavior.ClosedClosed;
  const line = (width: number, style: string): vscode.DecorationRenderOptions => ({ rangeBehavior, borderStyle: style, borderColor: colour, borderWidth: `0 0 ${width}px 0` });
  if (kind === vscode.ColorThemeKind.HighContrast || kind === vscode.ColorThemeKind.HighContrastLight) return line(1 + Math.round(3 * part), signed && bin < 0 ? "dotted" : "solid");
  const below = part > 0.75 ? line(part > 0.9 ? 2 : 1, signed && bin < 0 ? "dotted" : "solid") : { rangeBehavior };
  return { ...below, backgroundColor: colour };
}
