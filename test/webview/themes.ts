type Variables = Readonly<Record<string, string>>;

const common: Variables = { "font-family": "system-ui, sans-serif", "font-size": "13px", "font-weight": "normal", "editor-font-family": "monospace", "editor-font-size": "14px" };

/** Variables that VS Code sets in a webview, for its four default themes. */
export const THEMES: Readonly<Record<string, { body: string; variables: Variables }>> = {
  light: {
    body: "vscode-light",
    variables: {
      ...common, errorForeground: "#f85149", "editorWarning-foreground": "#bf8803", "editor-foreground": "#3b3b3b", foreground: "#3b3b3b", "editor-background": "#ffffff", descriptionForeground: "#3b3b3b", "editorWidget-background": "#f8f8f8", "editorWidget-border": "#c8c8c8", "widget-border": "#e5e5e5", focusBorder: "#005fb8",
      "button-background": "#005fb8", "button-foreground": "#ffffff", "button-hoverBackground": "#0258a8", "button-secondaryBackground": "#e5e5e5", "button-secondaryForeground": "#3b3b3b", "button-secondaryHoverBackground": "#cccccc", "button-border": "#0000001a", "progressBar-background": "#005fb8",
      "input-background": "#ffffff", "input-foreground": "#3b3b3b", "input-placeholderForeground": "#767676", "dropdown-background": "#ffffff", "dropdown-foreground": "#3b3b3b", "dropdown-border": "#cecece", "settings-dropdownBorder": "#cecece", "settings-textInputBorder": "#cecece", "checkbox-background": "#f8f8f8", "checkbox-border": "#cecece", "checkbox-foreground": "#3b3b3b",
      "panelTitle-activeForeground": "#3b3b3b", "panelTitle-inactiveForeground": "#3b3b3b", "panelTitle-activeBorder": "#005fb8", "panel-background": "#f8f8f8", "list-activeSelectionBackground": "#e8e8e8", "list-activeSelectionForeground": "#000000", "list-hoverBackground": "#f2f2f2",
      "charts-foreground": "#3b3b3b", "charts-lines": "#3b3b3b80", "charts-red": "#e51400", "charts-blue": "#1a85ff", "charts-yellow": "#bf8803", "charts-orange": "#d18616", "charts-green": "#388a34", "charts-purple": "#652d90", "textLink-foreground": "#005fb8", disabledForeground: "#61616180", "scrollbarSlider-background": "#64646466",
    },
  },
  dark: {
    body: "vscode-dark",
    variables: {
      ...common, errorForeground: "#f85149", "editorWarning-foreground": "#cca700", "editor-foreground": "#cccccc", foreground: "#cccccc", "editor-background": "#1f1f1f", descriptionForeground: "#9d9d9d", "editorWidget-background": "#202020", "editorWidget-border": "#454545", "widget-border": "#313131", focusBorder: "#0078d4",
      "button-background": "#0078d4", "button-foreground": "#ffffff", "button-hoverBackground": "#026ec1", "button-secondaryBackground": "#313131", "button-secondaryForeground": "#cccccc", "button-secondaryHoverBackground": "#3c3c3c", "button-border": "#ffffff12", "progressBar-background": "#0078d4",
      "input-background": "#313131", "input-foreground": "#cccccc", "input-placeholderForeground": "#989898", "dropdown-background": "#313131", "dropdown-foreground": "#cccccc", "dropdown-border": "#3c3c3c", "settings-dropdownBorder": "#3c3c3c", "settings-textInputBorder": "#3c3c3c", "checkbox-background": "#313131", "checkbox-border": "#3c3c3c", "checkbox-foreground": "#cccccc",
      "panelTitle-activeForeground": "#cccccc", "panelTitle-inactiveForeground": "#9d9d9d", "panelTitle-activeBorder": "#0078d4", "panel-background": "#181818", "list-activeSelectionBackground": "#04395e", "list-activeSelectionForeground": "#ffffff", "list-hoverBackground": "#2a2d2e",
      "charts-foreground": "#cccccc", "charts-lines": "#cccccc80", "charts-red": "#f14c4c", "charts-blue": "#3794ff", "charts-yellow": "#cca700", "charts-orange": "#d18616", "charts-green": "#89d185", "charts-purple": "#b180d7", "textLink-foreground": "#4daafc", disabledForeground: "#cccccc80", "scrollbarSlider-background": "#79797966",
    },
  },
  "high-contrast": {
    body: "vscode-high-contrast",
    variables: {
      ...common, errorForeground: "#f48771", "editorWarning-foreground": "#ffd370", "editor-foreground": "#ffffff", foreground: "#ffffff", "editor-background": "#000000", descriptionForeground: "#ffffffb3", "editorWidget-background": "#0c141f", "editorWidget-border": "#6fc3df", contrastBorder: "#6fc3df", contrastActiveBorder: "#f38518", focusBorder: "#f38518",
      "button-background": "#000000", "button-foreground": "#ffffff", "button-border": "#6fc3df", "button-secondaryBackground": "#000000", "button-secondaryForeground": "#ffffff", "progressBar-background": "#6fc3df",
      "input-background": "#000000", "input-foreground": "#ffffff", "input-placeholderForeground": "#ffffffb3", "dropdown-background": "#000000", "dropdown-foreground": "#ffffff", "dropdown-border": "#6fc3df", "settings-dropdownBorder": "#6fc3df", "settings-textInputBorder": "#6fc3df", "checkbox-background": "#000000", "checkbox-border": "#6fc3df", "checkbox-foreground": "#ffffff",
      "panelTitle-activeForeground": "#ffffff", "panelTitle-inactiveForeground": "#ffffff", "panelTitle-activeBorder": "#6fc3df", "panel-background": "#000000", "list-activeSelectionForeground": "#ffffff",
      "charts-foreground": "#ffffff", "charts-lines": "#ffffff80", "charts-red": "#f48771", "charts-blue": "#59a4f9", "charts-yellow": "#ffd370", "charts-orange": "#d18616", "charts-green": "#89d185", "charts-purple": "#b180d7", "textLink-foreground": "#21a6ff", disabledForeground: "#a5a5a5",
    },
  },
  "high-contrast-light": {
    body: "vscode-high-contrast-light vscode-high-contrast",
    variables: {
      ...common, errorForeground: "#b5200d", "editorWarning-foreground": "#895503", "editor-foreground": "#292929", foreground: "#292929", "editor-background": "#ffffff", descriptionForeground: "#292929b3", "editorWidget-background": "#ffffff", "editorWidget-border": "#0f4a85", contrastBorder: "#0f4a85", contrastActiveBorder: "#006bbd", focusBorder: "#006bbd",
      "button-background": "#0f4a85", "button-foreground": "#ffffff", "button-border": "#0f4a85", "button-secondaryBackground": "#ffffff", "button-secondaryForeground": "#292929", "progressBar-background": "#0f4a85",
      "input-background": "#ffffff", "input-foreground": "#292929", "input-placeholderForeground": "#292929b3", "dropdown-background": "#ffffff", "dropdown-foreground": "#292929", "dropdown-border": "#0f4a85", "settings-dropdownBorder": "#0f4a85", "settings-textInputBorder": "#0f4a85", "checkbox-background": "#ffffff", "checkbox-border": "#0f4a85", "checkbox-foreground": "#292929",
      "panelTitle-activeForeground": "#292929", "panelTitle-inactiveForeground": "#292929", "panelTitle-activeBorder": "#b5200d", "panel-background": "#ffffff", "list-activeSelectionForeground": "#292929",
      "charts-foreground": "#292929", "charts-lines": "#29292980", "charts-red": "#b5200d", "charts-blue": "#1a85ff", "charts-yellow": "#895503", "charts-orange": "#d18616", "charts-green": "#374e06", "charts-purple": "#652d90", "textLink-foreground": "#0f4a85", disabledForeground: "#7f7f7f",
    },
  },
};

/** Another theme in a page that is open, as VS Code changes it: variables first, then the body's class. A text, since it is the browser that reads it. */
export const CHANGE_THEME = `({ classes, others, values }) => {
  for (const [name, value] of Object.entries(values)) document.documentElement.style.setProperty("--vscode-" + name, value);
  document.body.classList.remove(...others);
  document.body.classList.add(...classes);
}`;
