import { existsSync } from "node:fs";
import * as z from "zod";
import { parse, type ParseError } from "jsonc-parser";
import { UserError } from "../../base/errors.ts";
import { boundedText } from "../../base/files/boundedFile.ts";
import { phrase } from "../../base/phrase.ts";
import { SlurmDefaults, type ExecutorSpec, type SlurmRequest } from "../../experiment/executorSpec.ts";
import { groupDefaultsPath } from "./slurmPlaces.ts";

const MOST_BYTES = 1_000_000;

let ownDefaults: () => unknown = () => ({});

/** Sets where this program's defaults come from, such as a window's settings; asked for at each submission. */
export function giveSlurmDefaults(defaults: () => unknown): void {
  ownDefaults = defaults;
}

function checkedDefaults(value: unknown, place: string): SlurmRequest {
  const parsed = SlurmDefaults.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new UserError(
    "slurm-defaults-malformed",
    phrase`${place}: ${z.prettifyError(parsed.error)}`,
    phrase`It has the keys of an experiment's executor, without its kind.`,
  );
}

function groupDefaults(runsDir: string): SlurmRequest {
  const path = groupDefaultsPath(runsDir);
  if (!existsSync(path)) return {};
  const errors: ParseError[] = [];
  const value: unknown = parse(boundedText(path, MOST_BYTES), errors, { allowTrailingComma: true });
  if (errors.length > 0)
    throw new UserError("slurm-defaults-not-json", phrase`${path} is not valid JSON`, phrase`Correct that file.`);
  return checkedDefaults(value, path);
}

/**
 * An experiment's executor with what it leaves to its group: the file slurm.json beside the runs, then the settings of
 * this program. What the experiment says wins.
 * @throws UserError where the group's file or the settings are wrong
 */
export function withDefaults(runsDir: string, executor: ExecutorSpec): ExecutorSpec {
  return { ...checkedDefaults(ownDefaults(), "adept.slurm"), ...groupDefaults(runsDir), ...executor };
}

/** What a job asks of Slurm, without which executor it is. */
export function requestOf({ kind: _, ...request }: ExecutorSpec): SlurmRequest {
  return request;
}
