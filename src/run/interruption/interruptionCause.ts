import { bytesText } from "../../base/text/bytesText.ts";
import type { RunRecord } from "../../record/record.ts";

/**
 * Why a worker is gone that said nothing, as far as that can be told: the system has ended a process for want of memory
 * since the run looked at it.
 * @param kills how many it has ended so by now
 */
export function interruptionCause({ memory }: Pick<RunRecord, "memory">, kills: number | undefined): string {
  const starved = memory?.oomKills !== undefined && kills !== undefined && kills > memory.oomKills;
  const less = memory?.less ?? "a shorter training.maxSourceLength or a smaller backbone needs less";
  // Named so that it is found among the texts that are translated.
  const message = starved
    ? `The system ended the worker for want of memory: it needed about ${bytesText(memory.needed)}, and ${bytesText(memory.available)} were free when it began. Free some and resume, or train anew: ${less}.`
    : "The worker ended without a word; resume goes on from the last checkpoint.";
  return message;
}
