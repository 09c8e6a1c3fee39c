import * as vscode from "vscode";
import { SIGNED_STEPS, STEPS } from "../heatmap/bins.ts";
import { Store } from "./disposable.ts";

/** The contributed colour of a step: `adept.heat1` to 9; of a signed scale `adept.heatBelow1` to 4 and `adept.heatAbove1` to 4. */
export const colourOf = (bin: number, signed: boolean): string => (signed ? `adept.heat${bin < 0 ? "Below" : "Above"}${Math.abs(bin)}` : `adept.heat${bin}`);

export const binsOf = (signed: boolean): number[] => (signed ? [-4, -3, -2, -1, 1, 2, 3, 4] : Array.from({ length: STEPS }, (_, i) => i + 1));

/** How far along its scale a step is, 0 to 1. */
const strength = (bin: number, signed: boolean): number => (signed ? Math.abs(bin) / SIGNED_STEPS : bin / STEPS);

/** One decoration type a colour, made once: the two strongest steps are underlined too, and in high contrast a line below is all there is. */
export class HeatmapColours extends Store {
  private types = new Map<number, vscode.TextEditorDecorationType>();
  private signed: boolean | undefined;
  private readonly repainted = this.register(new vscode.EventEmitter<void>());
  /** the types are others now: what was painted with the old ones is gone */
  readonly onDidChange = this.repainted.event;

  constructor() {
    super();
    this.register(vscode.window.onDidChangeActiveColorTheme(() => { if (this.types.size > 0) { this.clear(); this.repainted.fire(); } }));
  }

  /** The types of a scale, by step; those of the other kind of scale are let go. */
  of(signed: boolean): ReadonlyMap<number, vscode.TextEditorDecorationType> {
    if (this.signed !== signed) {
      this.clear();
      this.signed = signed;
    }
    if (this.types.size === 0) this.types = new Map(binsOf(signed).map((bin) => [bin, vscode.window.createTextEditorDecorationType(look(bin, signed))]));
    return this.types;
  }

  clear(): void {
    for (const type of this.types.values()) type.dispose();
    this.types = new Map();
    this.signed = undefined;
  }

  override dispose(): void {
    this.clear();
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
