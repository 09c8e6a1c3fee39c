import type { FigureContext } from "../figure.ts";
import { select, type Choice } from "../ui.ts";

/**
 * A drop-down whose choice is saved in the page's state.
 * @param key the key of the choice there
 */
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
