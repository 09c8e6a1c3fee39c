import type { RunRecord } from "../record/record.ts";
import type { RunDirectory } from "../run/directory/runDirectory.ts";

/** How the following of several runs has ended. */
export interface FollowedRuns {
  /** The runs with their records; without those that were deleted meanwhile. */
  ended: { run: RunDirectory; record: RunRecord }[];
  /** Whether a person has interrupted it. */
  interrupted: boolean;
  /** Whether SIGTERM, or the terminal's end, has ended the showing. */
  terminated: boolean;
}
