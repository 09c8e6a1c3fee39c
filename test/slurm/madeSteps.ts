import type { RunEvent } from "../../src/record/events.ts";

/** The numbers of steps in a journal, in its order. */
export const madeSteps = (events: readonly RunEvent[]): number[] =>
  events.flatMap((event) => (event.type === "step" ? [event.step] : []));
