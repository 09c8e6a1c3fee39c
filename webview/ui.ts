// The only importer of the deprecated toolkit: replacing it costs this file alone.
import { provideVSCodeDesignSystem, vsCodeButton, vsCodeCheckbox, vsCodeDropdown, vsCodeOption } from "@vscode/webview-ui-toolkit";

provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeCheckbox(), vsCodeDropdown(), vsCodeOption());

export function button(label: string, onPress: () => void, appearance: "primary" | "secondary" = "secondary"): HTMLElement {
  const element = document.createElement("vscode-button");
  element.setAttribute("appearance", appearance);
  element.textContent = label;
  element.addEventListener("click", onPress);
  return element;
}

export function checkbox(label: string, checked: boolean, onChange: (checked: boolean) => void): HTMLElement {
  const element = document.createElement("vscode-checkbox") as HTMLElement & { checked: boolean };
  element.textContent = label;
  if (checked) element.setAttribute("checked", "");
  element.addEventListener("change", () => { onChange(element.checked); });
  return element;
}

export function select(label: string, options: readonly string[], onChange: (option: string) => void): HTMLElement {
  const element = document.createElement("vscode-dropdown") as HTMLElement & { value: string };
  element.setAttribute("aria-label", label);
  element.append(...options.map((text) => {
    const option = document.createElement("vscode-option");
    option.textContent = text;
    option.setAttribute("value", text);
    return option;
  }));
  element.addEventListener("change", () => { onChange(element.value); });
  return element;
}
