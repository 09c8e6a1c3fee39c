import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { leadingMetric } from "../../record/metricText.ts";
import type { NewRunEvent, RunEvent } from "../../record/events.ts";
import { readJournal } from "../../run/journal/readJournal.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { inputsOutsideCommit } from "../../run/inputs/inputPlaces.ts";

/** The last loss reported for each step; a resumed run reports some steps again. */
const losses = (events: readonly RunEvent[]): Map<number, number> =>
  new Map(events.flatMap((event) => (event.type === "step" ? [[event.step, event.loss] as const] : [])));
const tested = (events: readonly RunEvent[]): Record<string, number> =>
  events
    .flatMap((event) =>
      event.type === "evaluation" && event.split === "test" && (event.label ?? "trained") === "trained"
        ? [event.metrics]
        : [],
    )
    .at(-1) ?? {};

/**
 * Compares a reproduced run with the run that it repeats: its tensors byte by byte, its losses step by step, its test
 * metric.
 */
function compareWithOriginal(
  run: RunDirectory,
  original: { id: string; path: string },
): Extract<NewRunEvent, { type: "reproduced" }> {
  const tensors = (path: string): Buffer | undefined => {
    const file = join(path, "adapter", "adapter_model.safetensors");
    return existsSync(file) ? readFileSync(file) : undefined;
  };
  const [own, other] = [tensors(run.path), tensors(original.path)];
  const [now, was] = [readJournal(run.path).events, readJournal(original.path).events];
  const [losing, lost] = [losses(now), losses(was)];
  const steps = [...losing.keys()].filter((step) => lost.has(step)).sort((a, b) => a - b);
  const first = steps.find((step) => losing.get(step) !== lost.get(step));
  const metric = leadingMetric(tested(was));
  return {
    type: "reproduced",
    of: original.id,
    same: own !== undefined && other !== undefined && own.equals(other),
    steps: steps.length,
    ...(first !== undefined && { firstDifference: { step: first, loss: losing.get(first)!, was: lost.get(first)! } }),
    ...(metric !== undefined && {
      metric: { name: metric.name, value: tested(now)[metric.name] ?? null, was: metric.value },
    }),
  };
}

/**
 * Compares a finished run with the run that it repeats; its work tree must still exist.
 * @returns undefined for a run that repeats none
 * @throws UserError where the original is gone
 */
export async function reproduction(
  run: RunDirectory,
): Promise<Extract<NewRunEvent, { type: "reproduced" }> | undefined> {
  const { reproduces } = run.experiment();
  if (reproduces === undefined) return undefined;
  const path = join(dirname(run.path), reproduces.run);
  const { outside } = await inputsOutsideCommit(run);
  if (!existsSync(path))
    throw new UserError("original-run-gone", phrase`There is nothing to compare with: run ${reproduces.run} is gone`);
  return { ...compareWithOriginal(run, { id: reproduces.run, path }), ...(outside.length > 0 && { outside }) };
}
