// This is the only importer of the deprecated toolkit, so replacing it changes only this file. test/webview runs the
// same tests on a replacement in native HTML.
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

/**
 * A button.
 * @param name its accessible name, where the label is too short to be one
 */
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

/** A checkbox with its label. */
export function checkbox(label: string, checked: boolean, onChange: (checked: boolean) => void): HTMLElement {
  const element = document.createElement("vscode-checkbox") as HTMLElement & { checked: boolean };
  element.textContent = label;
  if (checked) element.setAttribute("checked", "");
  element.addEventListener("change", () => {
    onChange(element.checked);
  });
  return element;
}

/** An option of a drop-down. */
export interface Choice {
  value: string;
  text: string;
  /** Whether it is only shown, and cannot be chosen. */
  disabled?: boolean;
}

/** A drop-down; the label is its accessible name. */
export function select(
  label: string,
  choices: readonly Choice[],
  { value, onChange }: { value: string; onChange: (value: string) => void },
): HTMLElement {
  const element = document.createElement("vscode-dropdown") as HTMLElement & { value: string };
  element.setAttribute("aria-label", label);
  element.append(
    ...choices.map(({ value: each, text, disabled = false }) => {
      const option = document.createElement("vscode-option");
      option.textContent = text;
      option.setAttribute("value", each);
      if (each === value) option.setAttribute("selected", "");
      if (disabled) option.setAttribute("disabled", "");
      return option;
    }),
  );
  element.addEventListener("change", () => {
    onChange(element.value);
  });
  return element;
}

/** A text field; the listener gets its text at each keystroke. */
export function textField(label: string, value: string, onInput: (value: string) => void): HTMLElement {
  const element = document.createElement("vscode-text-field") as HTMLElement & { value: string };
  // The toolkit uses the text as the field's accessible name and ignores aria-label.
  element.textContent = label;
  element.setAttribute("value", value);
  element.addEventListener("input", () => {
    onInput(element.value);
  });
  return element;
}

/** A tab: its id, its title and its content. */
export interface TabSpec {
  id: string;
  label: string;
  content: HTMLElement;
}
/** The tabs' element, and a function that selects a tab. */
export interface Tabs {
  element: HTMLElement;
  select: (id: string) => void;
}

/**
 * Tabs, which the arrow keys move through.
 * @param onSelect called when the user selects another tab; the function `select` does not call it
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
    // A drop-down or a checkbox inside a view also sends "change".
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
