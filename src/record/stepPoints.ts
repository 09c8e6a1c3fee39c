import type { RunEvent } from "./events.ts";
import type { StepPoint } from "./record.ts";

/** Steps in order; where a resumed run repeats some, the later values count. */
export function stepPoints(events: readonly RunEvent[]): StepPoint[] {
  const points: StepPoint[] = [];
  for (const event of events) {
    if (event.type !== "step") continue;
    const { type: _, time: __, ...point } = event;
    while ((points.at(-1)?.step ?? -1) >= point.step) points.pop();
    points.push(point);
  }
  return points;
}
