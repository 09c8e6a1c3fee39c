import type { FigureContext } from "../figure.ts";
import { select, type Choice } from "../ui.ts";

/** A drop-down whose choice the page remembers. @param key of the choice in the page's state */
export function rememberedSelect(
  { label, key, value, choices }: { label: string; key: string; value: string; choices: readonly Choice[] },
  { state, save }: FigureContext,
  onChange: () => void,
): HTMLElement {
  return select(label, choices, {
    value,
    onChange: (chosen) => {
      state.choices = { ...state.choices, [key]: chosen };
      save();
      onChange();
    },
  });
}
