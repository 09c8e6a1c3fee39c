import type { RunEvent } from "./events.ts";

/** How far a run had come at a step: seconds of training, without interruptions, and about how many tokens. */
export type ClockPoint = [seconds: number, tokens: number];

/**
 * Tells seconds and tokens of each step of a journal that is read piece by piece. Tokens are not recorded: they follow
 * from the smoothed speed and time of a step.
 */
export class StepClock {
  /** The step last seen, its time in ms, and what it had come to. */
  private readonly seen: { step: number; point: ClockPoint }[] = [];
  private before: number | undefined;
  private steps = 0;
  private tokensOfStep = 0;

  /** @returns a point for each step of the events, in order; steps that are repeated stand once */
  read(events: readonly RunEvent[]): ClockPoint[] {
    const points: { step: number; point: ClockPoint }[] = [];
    for (const event of events) {
      if (event.type === "created") this.steps = event.steps;
      // A worker that begins anew: the time since the last one's end was no training.
      if (event.type === "status") this.before = event.time;
      if (event.type !== "step") continue;
      for (const list of [this.seen, points]) while ((list.at(-1)?.step ?? -1) >= event.step) list.pop();
      const [seconds, tokens] = this.seen.at(-1)?.point ?? [0, 0];
      const left = this.steps - event.step;
      if (left > 0) this.tokensOfStep = (event.tokensPerSecond * event.secondsLeft) / left;
      const passed = Math.max(0, event.time - (this.before ?? event.time)) / 1000;
      const next = { step: event.step, point: [seconds + passed, tokens + this.tokensOfStep] as ClockPoint };
      this.before = event.time;
      this.seen.push(next);
      points.push(next);
    }
    return points.map(({ point }) => point);
  }
}
