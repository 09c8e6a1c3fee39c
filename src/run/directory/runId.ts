import { RunId } from "../../base/identifiers.ts";

/** Whether a text has the form of a run's id. */
export const isRunId = (id: string): boolean => RunId.safeParse(id).success;

/**
 * Returns a new run id, YYYYMMDD-HHMMSS-xxxx in local time.
 * @param random uniform on [0, 1), for the four last letters
 */
export function newRunId(now: Date, random: () => number): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const suffix = Array.from({ length: 4 }, () => Math.floor(random() * 36).toString(36)).join("");
  return `${date}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}-${suffix}`;
}
