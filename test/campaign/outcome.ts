import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import type { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { checkpointDamage } from "../../src/training/checkpoint.ts";
import { must } from "./tally.ts";
import { Workspace, type Variant } from "./workspace.ts";

/** Everything that a run has computed, without times, ids and paths. */
export interface Outcome {
  adapter: string;
  checkpoint: string;
  losses: [number, number][];
  evaluations: [string, number, string][];
  predictions: string;
  analyses: string;
}

const hash = (path: string): string =>
  existsSync(path) ? createHash("sha256").update(readFileSync(path)).digest("hex") : "missing";

/** Reads the outcome of a run. Fails if a step or an evaluation was made twice with different results. */
export function outcomeOf(run: RunDirectory): Outcome {
  const losses = new Map<number, number>();
  const evaluations = new Map<string, [number, string]>();
  for (const event of readJournal(run.path).events) {
    if (event.type === "step") {
      must(
        (losses.get(event.step) ?? event.loss) === event.loss,
        "corrupt",
        `step ${event.step} was made twice, with other losses`,
      );
      losses.set(event.step, event.loss);
    } else if (event.type === "evaluation")
      evaluations.set(`${event.split} ${event.label ?? "trained"} ${event.step}`, [
        event.loss,
        JSON.stringify(event.metrics),
      ]);
  }
  const stability = join(run.path, "analysis/stability.json");
  const read = (path: string): string =>
    existsSync(path)
      ? JSON.stringify({ ...(JSON.parse(readFileSync(path, "utf8")) as { result: object }).result, alerts: [] })
      : "";
  return {
    adapter: hash(join(run.adapterPath, "adapter_model.safetensors")),
    checkpoint: hash(run.checkpointPath),
    losses: [...losses].sort(([a], [b]) => a - b),
    evaluations: [...evaluations]
      .map(([name, [loss, metrics]]): [string, number, string] => [name, loss, metrics])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
    predictions: hash(join(run.path, "analysis/predictions-trained.jsonl")),
    analyses: read(stability),
  };
}

const references = new Map<Variant, Promise<Outcome>>();

/** Returns the outcome of an uninterrupted run of a variant. */
export function reference(variant: Variant): Promise<Outcome> {
  const known =
    references.get(variant) ??
    (async () => {
      const place = Workspace.make(variant);
      try {
        const { status, stderr } = await place.adept("train", "words.adept.json", "--json");
        if (status !== 0) throw new Error(`the unbroken run failed: ${stderr}`);
        return outcomeOf(place.run!);
      } finally {
        place.remove();
      }
    })();
  references.set(variant, known);
  return known;
}

/** Checks that the outcome is a part of an uninterrupted run's, and that missing steps are reported. */
function mustBePart(run: RunDirectory, found: Outcome, expected: Outcome): void {
  const losses = new Map(expected.losses);
  const evaluations = new Set(expected.evaluations.map((each) => JSON.stringify(each)));
  must(
    found.losses.every(([step, loss]) => losses.get(step) === loss) &&
      found.evaluations.every((each) => evaluations.has(JSON.stringify(each))),
    "corrupt",
    "its journal tells other numbers",
  );
  must(
    found.losses.length === losses.size || run.record().warnings.some((text) => text.startsWith("The journal lacks")),
    "lost",
    "its journal lacks steps, and nobody says so",
  );
}

/**
 * Checks that a finished run has the outcome of an uninterrupted one, in its folder and in its commit.
 * @param isTorn whether lines of its journal were destroyed
 */
export async function mustBeWhole(
  place: Pick<Workspace, "git" | "bytes">,
  run: RunDirectory,
  variant: Variant,
  isTorn = false,
): Promise<void> {
  const { status, resultCommit } = run.record();
  const expected = await reference(variant);
  const found = outcomeOf(run);
  if (isTorn) {
    mustBePart(run, found, expected);
    Object.assign(found, { losses: expected.losses, evaluations: expected.evaluations, analyses: expected.analyses });
  }
  must(status === "finished", "lost", `the run is ${status}: ${readFileSync(run.logPath, "utf8").slice(-600)}`);
  must(checkpointDamage(run.checkpointPath) === undefined, "corrupt", "its checkpoint is damaged");
  for (const key of Object.keys(expected) as (keyof Outcome)[])
    must(
      JSON.stringify(found[key]) === JSON.stringify(expected[key]),
      "corrupt",
      `its ${key} differ: ${JSON.stringify(found[key]).slice(0, 300)} instead of ${JSON.stringify(expected[key]).slice(0, 300)}`,
    );
  must(
    resultCommit !== undefined && place.git("rev-parse", `refs/adept/runs/${run.id}`).trim() === resultCommit,
    "lost",
    `its ref and its journal name other commits (${resultCommit}, ${run.record().gitMessage})`,
  );
  must(
    createHash("sha256")
      .update(place.bytes(`${resultCommit}:adept-results/${run.id}/adapter/adapter_model.safetensors`))
      .digest("hex") === expected.adapter,
    "corrupt",
    "the adapter in its commit is another",
  );
  must(place.git("show", `${resultCommit}:code/a.py`) === "edited\n", "lost", "its commit lacks the code");
}
