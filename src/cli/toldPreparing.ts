import { english } from "../base/phrase.ts";
import type { Preparing } from "../training/data/preparing.ts";
import { toldProgress } from "../worker/train/watchedPreparation.ts";
import { tell } from "./terminal.ts";

/** Says on standard error how far a preparation is. An interrupt ends the process, and the next one cleans up. */
export const toldPreparing = (): Preparing => ({
  progress: toldProgress(
    (text) => {
      tell(`${english(text)}\n`);
    },
    () => performance.now(),
  ),
  stopRequested: () => false,
});
