import type { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { endWaiting, type Waiting } from "../queuedRuns.ts";

/** Ends runs that Slurm refuses: it would refuse them again. */
export function failRefused(runs: readonly Waiting[], { phrase: why, actionPhrase: action }: UserError): void {
  for (const { run } of runs) endWaiting(run, "failed", phrase`Slurm did not take the run: ${why}. ${action ?? ""}`);
}
