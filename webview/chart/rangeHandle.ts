import { el } from "../dom.ts";
import { ENDS } from "./brushes.ts";

/** What a handle does: it is moved by an edge, or to an end, or its axis' range is taken away. */
export interface HandleMoves {
  step: (up: boolean) => void;
  end: (up: boolean) => void;
  clear: () => void;
}

/** One end of an axis' range: a slider that the keyboard moves. */
export class RangeHandle {
  readonly element = el("div", "", "handle");

  constructor(label: string, moves: HandleMoves) {
    const { element } = this;
    element.tabIndex = 0;
    element.setAttribute("role", "slider");
    element.setAttribute("aria-orientation", "vertical");
    element.setAttribute("aria-label", label);
    element.setAttribute("aria-valuemin", String(Math.round(100 * ENDS[0])));
    element.setAttribute("aria-valuemax", String(Math.round(100 * ENDS[1])));
    const actions: Record<string, () => void> = {
      ArrowUp: () => {
        moves.step(true);
      },
      ArrowRight: () => {
        moves.step(true);
      },
      ArrowDown: () => {
        moves.step(false);
      },
      ArrowLeft: () => {
        moves.step(false);
      },
      Home: () => {
        moves.end(false);
      },
      End: () => {
        moves.end(true);
      },
      Escape: moves.clear,
      Delete: moves.clear,
    };
    element.addEventListener("keydown", (event) => {
      const action = actions[event.key];
      if (action === undefined) return;
      event.preventDefault();
      action();
    });
  }

  /** @param at pixels from the left and the top; @param place on the axis; @param text its value in words */
  put(at: { left: number; top: number }, place: number, text: string): void {
    const { element } = this;
    element.style.left = `${at.left}px`;
    element.style.top = `${at.top}px`;
    element.setAttribute("aria-valuenow", String(Math.round(100 * place)));
    element.setAttribute("aria-valuetext", text);
  }
}
