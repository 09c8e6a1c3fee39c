import type { UserError } from "../../base/errors.ts";
import { phrase, said } from "../../base/phrase.ts";
import { appendEvents } from "../../run/journal/journal.ts";
import type { Waiting } from "../queuedRuns.ts";

/** Ends runs that Slurm refuses: it would refuse them again. */
export function failRefused(runs: readonly Waiting[], { phrase: why }: UserError): void {
  for (const { run } of runs)
    appendEvents(run.path, { type: "status", status: "failed", ...said(phrase`Slurm did not take the run: ${why}`) });
}
