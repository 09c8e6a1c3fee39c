import type { TrackedRun } from "./trackedRun.ts";

/** What else is known of a run, under the names that every tracker uses for it; what is not known is left out. */
export function runFacts({
  id,
  name,
  experiment,
  record,
  startedAt,
  endedAt,
}: TrackedRun): Record<string, string | number> {
  const facts = {
    run: id,
    name,
    experiment,
    sweep: record.sweep,
    variant: record.variant,
    status: record.status,
    method: record.method,
    task: record.task,
    commit: record.snapshotCommit,
    result_commit: record.resultCommit,
    ref: record.ref,
    created: new Date(startedAt).toISOString(),
    ended: endedAt === undefined ? undefined : new Date(endedAt).toISOString(),
    last_step: record.lastStep?.step,
    best_step: record.bestStep,
    tags: record.tags.length === 0 ? undefined : record.tags.join(", "),
    note: record.note === "" ? undefined : record.note,
    starred: record.starred ? 1 : undefined,
    reproduces: record.reproduced?.of,
  };
  return Object.fromEntries(
    Object.entries(facts).filter((each): each is [string, string | number] => each[1] !== undefined),
  );
}
