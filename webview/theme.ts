import { COLOURS } from "../src/figure/seriesStyle.ts";

/** The editor's colours as plain values; nothing else reads CSS variables from script. */
export interface Theme {
  readonly foreground: string;
  readonly background: string;
  readonly grid: string;
  readonly font: string;
  readonly fontSize: number;
  /** Colours of the series, in order. */
  readonly series: readonly string[];
}

/** Reads the colours of the editor's current theme. */
export function readTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string, otherwise: string) => style.getPropertyValue(name).trim() || otherwise;
  const foreground = read("--vscode-editor-foreground", "CanvasText");
  return {
    foreground,
    background: read("--vscode-editor-background", "Canvas"),
    grid: read("--vscode-charts-lines", read("--vscode-editorWidget-border", "GrayText")),
    font: read("--vscode-font-family", "sans-serif"),
    fontSize: Number.parseFloat(read("--vscode-font-size", "13")) || 13,
    series: COLOURS.map(({ name }) => read(`--vscode-charts-${name}`, foreground)),
  };
}

/**
 * Calls the listener whenever the user switches themes.
 * @returns a function that ends this
 */
export function onThemeChange(listener: (theme: Theme) => void): () => void {
  const observer = new MutationObserver(() => {
    listener(readTheme());
  });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["style", "class"] });
  observer.observe(document.body, { attributes: true, attributeFilter: ["class", "data-vscode-theme-id"] });
  return () => {
    observer.disconnect();
  };
}
