import type { RunEvent } from "./events.ts";

type Plan = Extract<RunEvent, { type: "plan" }>;

/**
 * The sizes in a run's journal: by name, or in a journal older than the names as a prompt length and a bottleneck,
 * which may also be a rank.
 */
export function plannedSizes({
  sizes,
  promptLength,
  bottleneck = 0,
}: Pick<Plan, "sizes" | "promptLength" | "bottleneck">): Readonly<Record<string, number>> | undefined {
  if (sizes !== undefined || promptLength === undefined) return sizes;
  return { promptLength, bottleneck };
}
