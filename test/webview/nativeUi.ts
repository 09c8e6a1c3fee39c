// A replacement of webview/ui.ts in plain HTML, without the toolkit: what a swap costs.
import type { Choice, Tabs, TabSpec } from "../../webview/ui.ts";

export function button(
  label: string,
  onPress: () => void,
  appearance: "primary" | "secondary" = "secondary",
  name = "",
): HTMLElement {
  const element = document.createElement("button");
  element.className = appearance;
  element.textContent = label;
  if (name !== "") element.setAttribute("aria-label", name);
  element.addEventListener("click", onPress);
  return element;
}

export function checkbox(label: string, checked: boolean, onChange: (checked: boolean) => void): HTMLElement {
  const element = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = checked;
  box.addEventListener("change", () => {
    onChange(box.checked);
  });
  element.append(box, label);
  return element;
}

export function select(
  label: string,
  choices: readonly Choice[],
  { value, onChange }: { value: string; onChange: (value: string) => void },
): HTMLElement {
  const element = document.createElement("select");
  element.setAttribute("aria-label", label);
  element.append(...choices.map(({ value: each, text }) => new Option(text, each, each === value, each === value)));
  element.addEventListener("change", () => {
    onChange(element.value);
  });
  return element;
}

export function textField(label: string, value: string, onInput: (value: string) => void): HTMLElement {
  const element = document.createElement("label");
  const field = document.createElement("input");
  field.value = value;
  field.addEventListener("input", () => {
    onInput(field.value);
  });
  element.append(label, field);
  return element;
}

export function tabs(specs: readonly TabSpec[], selected: string, onSelect: (id: string) => void): Tabs {
  const element = document.createElement("div");
  const list = document.createElement("div");
  let current = selected;
  list.setAttribute("role", "tablist");
  const heads = specs.map(({ id, label }) => {
    const head = document.createElement("button");
    head.id = `tab-${id}`;
    head.setAttribute("role", "tab");
    head.textContent = label;
    return head;
  });
  const panels = specs.map(({ id, content }) => {
    const panel = document.createElement("div");
    panel.id = `view-${id}`;
    panel.setAttribute("role", "tabpanel");
    panel.append(content);
    return panel;
  });
  const show = (id: string): void => {
    for (const [i, spec] of specs.entries()) {
      heads[i]!.setAttribute("aria-selected", String(spec.id === id));
      heads[i]!.tabIndex = spec.id === id ? 0 : -1;
      panels[i]!.hidden = spec.id !== id;
    }
  };
  const choose = (id: string): void => {
    if (id === current) return;
    current = id;
    show(id);
    onSelect(id);
  };
  for (const [i, { id }] of specs.entries())
    heads[i]!.addEventListener("click", () => {
      choose(id);
    });
  list.addEventListener("keydown", ({ key }) => {
    const at = specs.findIndex(({ id }) => id === current);
    const next = {
      ArrowRight: (at + 1) % specs.length,
      ArrowLeft: (at + specs.length - 1) % specs.length,
      Home: 0,
      End: specs.length - 1,
    }[key];
    if (next !== undefined) {
      choose(specs[next]!.id);
      heads[next]!.focus();
    }
  });
  list.append(...heads);
  element.append(list, ...panels);
  show(selected);
  return {
    element,
    select: (id) => {
      current = id;
      show(id);
    },
  };
}
