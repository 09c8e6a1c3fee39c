import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import type { LiveTracker } from "./liveTracker.ts";
import { RunFollower } from "./runFollower.ts";

/** What is written as a whole each time is at work for about this part of the time, and pauses (ms) no longer. */
const WORK_SHARE = 1 / 20;
const LONGEST_REST = 120_000;
/** Pauses (ms) after a failure: at first, and the longest. */
const FIRST_PAUSE = 30_000;
const LONGEST_PAUSE = 600_000;

/** Keeps one tracker up to a run. It fails alone: what it missed comes with its next success. */
export class KeptUp {
  private readonly follower: RunFollower;
  private needsWhole = true;
  /** When it may work again, in ms of performance.now(). */
  private notBefore = 0;
  private failurePause = FIRST_PAUSE;

  constructor(
    run: RunDirectory,
    private readonly tracker: LiveTracker,
    private readonly tell: (tracker: LiveTracker["name"], error: unknown) => void,
  ) {
    this.follower = new RunFollower(run);
  }

  /** Brings the tracker up to the run, unless it pauses. Never throws. */
  async update(isLast: boolean): Promise<void> {
    const began = performance.now();
    if (began < this.notBefore && !isLast) return;
    try {
      await this.bring(isLast);
      this.needsWhole = false;
      this.failurePause = FIRST_PAUSE;
      const now = performance.now();
      if (this.tracker.writesWhole) this.notBefore = now + Math.min(LONGEST_REST, (now - began) * (1 / WORK_SHARE - 1));
    } catch (error) {
      this.needsWhole = true;
      this.notBefore = performance.now() + this.failurePause;
      this.failurePause = Math.min(LONGEST_PAUSE, 2 * this.failurePause);
      this.tell(this.tracker.name, error);
    }
  }

  private async bring(isLast: boolean): Promise<void> {
    const { follower, tracker } = this;
    const whole = (): ReturnType<RunFollower["whole"]> => follower.whole();
    const added = this.needsWhole ? undefined : follower.added();
    // A heartbeat is no news.
    if (added?.events.every(({ type }) => type === "heartbeat") === true && !isLast) return;
    await tracker.bring({ added, whole, isLast });
  }
}
