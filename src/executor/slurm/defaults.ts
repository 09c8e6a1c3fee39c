import { existsSync } from "node:fs";
import * as z from "zod";
import { parse, type ParseError } from "jsonc-parser";
import { UserError } from "../../base/errors.ts";
import { boundedText } from "../../base/files/boundedFile.ts";
import { phrase } from "../../base/phrase.ts";
import { SlurmDefaults, type ExecutorSpec, type SlurmRequest } from "../../experiment/executorSpec.ts";
import { groupDefaultsPath } from "./slurmPlaces.ts";

const MOST_BYTES = 1_000_000;
/** Seconds between two questions to the controller, unless the group says another number. */
const POLL = 30;

/** What a group sets for all of its experiments. */
const GroupSettings = SlurmDefaults.extend({ poll: z.number().min(1).max(3600).optional() });
type GroupSettings = z.infer<typeof GroupSettings>;

function checkedDefaults(value: unknown, place: string): GroupSettings {
  const parsed = GroupSettings.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new UserError(
    "slurm-defaults-malformed",
    phrase`${place}: ${z.prettifyError(parsed.error)}`,
    phrase`It has the keys of an experiment's executor, without its kind, and poll.`,
  );
}

function groupDefaults(runsDir: string): GroupSettings {
  const path = groupDefaultsPath(runsDir);
  if (!existsSync(path)) return {};
  const errors: ParseError[] = [];
  const value: unknown = parse(boundedText(path, MOST_BYTES), errors, { allowTrailingComma: true });
  if (errors.length > 0)
    throw new UserError("slurm-defaults-not-json", phrase`${path} is not valid JSON`, phrase`Correct that file.`);
  return checkedDefaults(value, path);
}

const groupSettings = (runsDir: string, own: unknown): GroupSettings => ({
  ...checkedDefaults(own, "adept.slurm"),
  ...groupDefaults(runsDir),
});

/**
 * An experiment's executor with what it leaves to its group: the file slurm.json beside the runs, then the settings of
 * this program. What the experiment says wins.
 * @param own the settings of this program, not checked yet
 * @throws UserError where the group's file or the settings are wrong
 */
export function withDefaults(runsDir: string, executor: ExecutorSpec, own: unknown): ExecutorSpec {
  const { poll: _, ...group } = groupSettings(runsDir, own);
  return { ...group, ...executor };
}

/**
 * How old (ms) an answer of the controller may be, which all windows and terminals share.
 * @param own as in `withDefaults`
 */
export function pollInterval(runsDir: string, own: unknown): number {
  try {
    return (groupSettings(runsDir, own).poll ?? POLL) * 1000;
  } catch (error) {
    // What is wrong with them is told where something is submitted.
    if (!(error instanceof UserError)) throw error;
    return POLL * 1000;
  }
}

/** What a job asks of Slurm, without which executor it is. */
export function requestOf({ kind: _, ...request }: ExecutorSpec): SlurmRequest {
  return request;
}
