import { WORK_KINDS, type StepWork } from "./stepWork.ts";

/** Seconds for each unit of work. */
export type WorkSpeed = Readonly<StepWork>;

/**
 * Seconds that work takes.
 * @param copies of the model that compute at once: starting operations then takes no longer than in one of them, while
 * they share the cores for all else
 */
export const secondsOf = (work: StepWork, speed: WorkSpeed, copies = 1): number =>
  WORK_KINDS.reduce((sum, kind) => sum + (work[kind] * speed[kind]) / (kind === "operations" ? copies : 1), 0);

/** A measured time (s) at a number of rows that a matrix is multiplied by. */
interface Timed {
  rows: number;
  seconds: number;
}

/**
 * What a multiply-add and a value of the frozen matrix take, from the times of the same products by many and by few
 * rows: widening or fetching a matrix takes as long for one row as for many.
 * @param values of the frozen matrices that the timed products read
 */
export function frozenSpeed(many: Timed, few: Timed, values: number): Pick<WorkSpeed, "frozen" | "read"> {
  const whole = many.seconds / (many.rows * values);
  if (many.rows <= few.rows) return { frozen: whole, read: 0 };
  const frozen = (many.seconds - few.seconds) / ((many.rows - few.rows) * values);
  // Times that disagree by chance: all of the longer one is for rows.
  if (frozen <= 0) return { frozen: whole, read: 0 };
  return { frozen, read: Math.max(0, few.seconds / values - few.rows * frozen) };
}
