// The only importer of the deprecated toolkit: replacing it costs this file alone. test/webview holds a replacement in
// native HTML to the same contract.
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodePanels,
  vsCodePanelTab,
  vsCodePanelView,
  vsCodeTextField,
} from "@vscode/webview-ui-toolkit";

provideVSCodeDesignSystem().register(
  vsCodeButton(),
  vsCodeCheckbox(),
  vsCodeDropdown(),
  vsCodeOption(),
  vsCodePanels(),
  vsCodePanelTab(),
  vsCodePanelView(),
  vsCodeTextField(),
);

/** @param name what it is called where its label is too short to say it */
export function button(
  label: string,
  onPress: () => void,
  appearance: "primary" | "secondary" = "secondary",
  name = "",
): HTMLElement {
  const element = document.createElement("vscode-button");
  element.setAttribute("appearance", appearance);
  if (name !== "") element.setAttribute("aria-label", name);
  element.textContent = label;
  element.addEventListener("click", onPress);
  return element;
}

export function checkbox(label: string, checked: boolean, onChange: (checked: boolean) => void): HTMLElement {
  const element = document.createElement("vscode-checkbox") as HTMLElement & { checked: boolean };
  element.textContent = label;
  if (checked) element.setAttribute("checked", "");
  element.addEventListener("change", () => {
    onChange(element.checked);
  });
  return element;
}

export interface Choice {
  value: string;
  text: string;
}

export function select(
  label: string,
  choices: readonly Choice[],
  { value, onChange }: { value: string; onChange: (value: string) => void },
): HTMLElement {
  const element = document.createElement("vscode-dropdown") as HTMLElement & { value: string };
  element.setAttribute("aria-label", label);
  element.append(
    ...choices.map(({ value: each, text }) => {
      const option = document.createElement("vscode-option");
      option.textContent = text;
      option.setAttribute("value", each);
      if (each === value) option.setAttribute("selected", "");
      return option;
    }),
  );
  element.addEventListener("change", () => {
    onChange(element.value);
  });
  return element;
}

export function textField(label: string, value: string, onInput: (value: string) => void): HTMLElement {
  const element = document.createElement("vscode-text-field") as HTMLElement & { value: string };
  // The toolkit names its field by its text, whatever aria-label says.
  element.textContent = label;
  element.setAttribute("value", value);
  element.addEventListener("input", () => {
    onInput(element.value);
  });
  return element;
}

export interface TabSpec {
  id: string;
  label: string;
  content: HTMLElement;
}
export interface Tabs {
  element: HTMLElement;
  select: (id: string) => void;
}

/**
 * Tabs, moved through by arrow keys.
 * @param onSelect called when the user chooses another; `select` shows one without
 */
export function tabs(specs: readonly TabSpec[], selected: string, onSelect: (id: string) => void): Tabs {
  const element = document.createElement("vscode-panels") as HTMLElement & { activeid: string };
  let current = selected;
  const idOf = (id: string): string => `tab-${id}`;
  for (const { id, label } of specs) {
    const tab = document.createElement("vscode-panel-tab");
    tab.id = idOf(id);
    tab.textContent = label;
    element.append(tab);
  }
  for (const { id, content } of specs) {
    const view = document.createElement("vscode-panel-view");
    view.id = `view-${id}`;
    view.append(content);
    element.append(view);
  }
  element.setAttribute("activeid", idOf(selected));
  element.addEventListener("change", (event) => {
    // A dropdown or a checkbox inside a view says "change" too.
    if (event.target !== element) return;
    const next = specs.find(({ id }) => idOf(id) === element.activeid)?.id;
    if (next === undefined || next === current) return;
    current = next;
    onSelect(next);
  });
  return {
    element,
    select: (id) => {
      current = id;
      element.activeid = idOf(id);
    },
  };
}
