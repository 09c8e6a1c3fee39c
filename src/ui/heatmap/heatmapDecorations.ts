import * as vscode from "vscode";
import { DisposableStore } from "../window/disposableStore.ts";
import {
  binStrength,
  colouredBins,
  heatColourId,
  isHighContrast,
  underlineOf,
  type Underline,
} from "./heatmapColours.ts";

type DecorationTypes = ReadonlyMap<number, vscode.TextEditorDecorationType>;

/** The editor decoration types of the colour bins, one per bin, shared by all heatmaps. */
export class HeatmapDecorations extends DisposableStore {
  /** By whether the scale is signed. */
  private readonly types = new Map<boolean, DecorationTypes>();
  private readonly replaced = this.register(new vscode.EventEmitter<void>());
  /** Fires when the theme has changed: all types are disposed, so that heatmaps have to be painted again. */
  readonly onDidChange = this.replaced.event;

  constructor() {
    super();
    this.register(
      vscode.window.onDidChangeActiveColorTheme(() => {
        if (this.types.size > 0) {
          this.keepOnly([]);
          this.replaced.fire();
        }
      }),
    );
  }

  /** Returns the decoration types of a signed or unsigned scale, by bin. */
  typesOf(signed: boolean): DecorationTypes {
    const types =
      this.types.get(signed) ??
      new Map(
        colouredBins(signed).map((bin) => [bin, vscode.window.createTextEditorDecorationType(optionsOf(bin, signed))]),
      );
    this.types.set(signed, types);
    return types;
  }

  /** Returns all types that exist. */
  all(): vscode.TextEditorDecorationType[] {
    return [...this.types.values()].flatMap((types) => [...types.values()]);
  }

  /** Disposes the types of signed or unsigned scales that are not listed. */
  keepOnly(signedScales: readonly boolean[]): void {
    for (const [signed, types] of this.types) {
      if (signedScales.includes(signed)) continue;
      for (const type of types.values()) type.dispose();
      this.types.delete(signed);
    }
  }

  override dispose(): void {
    this.keepOnly([]);
    super.dispose();
  }
}

/** Returns a background, with an underline for the strongest bins; in a high-contrast theme an underline alone. */
function optionsOf(bin: number, signed: boolean): vscode.DecorationRenderOptions {
  const colour = new vscode.ThemeColor(heatColourId(bin, signed));
  const strength = binStrength(bin, signed);
  const rangeBehavior = vscode.DecorationRangeBehavior.ClosedClosed;
  const underlined = ({ width, style }: Underline): vscode.DecorationRenderOptions => ({
    rangeBehavior,
    borderStyle: style,
    borderColor: colour,
    borderWidth: `0 0 ${width}px 0`,
  });
  if (isHighContrast()) return underlined(underlineOf(bin, signed));
  const line =
    strength > 0.75
      ? underlined({ width: strength > 0.9 ? 2 : 1, style: signed && bin < 0 ? "dotted" : "solid" })
      : { rangeBehavior };
  return { ...line, backgroundColor: colour };
}
