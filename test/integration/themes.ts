/** One of VS Code's four default themes. */
export interface Theme {
  readonly name: string;
  /** The value of the setting workbench.colorTheme. */
  readonly setting: string;
  /** Matches the class of the workbench. */
  readonly workbenchClass: RegExp;
  /** A class of the body of a webview. */
  readonly webviewClass: string;
}

export const THEMES: readonly Theme[] = [
  { name: "dark", setting: "Default Dark Modern", workbenchClass: /vs-dark/, webviewClass: "vscode-dark" },
  { name: "light", setting: "Default Light Modern", workbenchClass: /vs(?!-)/, webviewClass: "vscode-light" },
  {
    name: "high-contrast",
    setting: "Default High Contrast",
    workbenchClass: /hc-black/,
    webviewClass: "vscode-high-contrast",
  },
  {
    name: "high-contrast-light",
    setting: "Default High Contrast Light",
    workbenchClass: /hc-light/,
    webviewClass: "vscode-high-contrast-light",
  },
];
