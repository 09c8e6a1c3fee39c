import { phrase, type Phrase } from "../../base/phrase.ts";
import { bytesText } from "../../base/text/bytesText.ts";
import type { RunRecord } from "../../record/record.ts";

/**
 * Explains why a worker is gone that wrote no final status: the system killed a process for lack of memory since the
 * run started, or the cause is unknown.
 * @param memory the run's forecast, with the count of killed processes at its start
 * @param kills the count of killed processes now
 */
export function interruptionCause({ memory }: Pick<RunRecord, "memory">, kills: number | undefined): Phrase {
  const starved = memory?.oomKills !== undefined && kills !== undefined && kills > memory.oomKills;
  if (!starved) return phrase`The worker ended without reporting a reason; resume continues from the last checkpoint.`;
  const { needed, available, less, lessPhrase } = memory;
  const remedy = lessPhrase ?? less ?? phrase`a shorter training.maxSourceLength or a smaller backbone needs less`;
  return phrase`The system ended the worker for lack of memory: it needed about ${bytesText(needed)}, and ${bytesText(available)} were free when it began. Free some and resume, or train again: ${remedy}.`;
}
