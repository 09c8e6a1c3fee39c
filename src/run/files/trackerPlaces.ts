import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parse, type ParseError } from "jsonc-parser";
import * as z from "zod";
import { UserError } from "../../base/errors.ts";
import { boundedText } from "../../base/files/boundedFile.ts";
import { phrase } from "../../base/phrase.ts";
import { isAddress, serverAddress } from "./trackerAddress.ts";

/** The largest accepted file of places, in bytes. */
const MOST_BYTES = 100_000;
/** The longest place, in characters. */
const LONGEST = 4000;

const Place = z.string().trim().min(1).max(LONGEST);
const TrackerPlaces = z.strictObject({
  tensorboard: Place.optional(),
  mlflow: Place.optional(),
  wandb: Place.optional(),
});
/** Where a run is kept for trackers while it trains: folders; of MLflow a server's address, too. */
export type TrackerPlaces = z.infer<typeof TrackerPlaces>;

/** What people know the places of a submission by. */
export const TRACKERS_SETTING = "adept.trackers.live";

/** The file with the places of one run, and the one with those of all runs beside their folder. */
const NAME = "trackers.json";

/**
 * Checks places as they were written.
 * @param folder the folder that relative ones are meant from
 * @param where what has them, for the error
 * @throws UserError
 */
export function checkedPlaces(value: unknown, folder: string, where: string): TrackerPlaces {
  const parsed = TrackerPlaces.safeParse(value ?? {});
  if (!parsed.success)
    throw new UserError(
      "trackers-malformed",
      phrase`${where}: ${z.prettifyError(parsed.error)}`,
      phrase`It has the keys tensorboard, mlflow and wandb, each with a folder; of mlflow also a server's address.`,
    );
  const { tensorboard, mlflow, wandb } = parsed.data;
  const placed = (place: string): string => (isAddress(place) ? serverAddress(place) : resolve(folder, place));
  return {
    ...(tensorboard !== undefined && { tensorboard: resolve(folder, tensorboard) }),
    ...(mlflow !== undefined && { mlflow: placed(mlflow) }),
    ...(wandb !== undefined && { wandb: resolve(folder, wandb) }),
  };
}

/** The text of a run's file of places. */
export const placesText = (places: TrackerPlaces): string => `${JSON.stringify(places, null, 2)}\n`;

/** The file with a run's own places. */
export const placesPath = (runPath: string): string => join(runPath, NAME);
/** The file with the places of all runs, beside their folder. */
const sharedPath = (runPath: string): string => join(dirname(dirname(runPath)), NAME);

function readPlaces(path: string): TrackerPlaces {
  if (!existsSync(path)) return {};
  const errors: ParseError[] = [];
  const value: unknown = parse(boundedText(path, MOST_BYTES), errors, { allowTrailingComma: true });
  if (errors.length > 0)
    throw new UserError("trackers-not-json", phrase`${path} is not valid JSON`, phrase`Correct that file.`);
  return checkedPlaces(value, dirname(path), path);
}

/**
 * Where a run is kept while it trains: what was asked for with it, then what .adept/trackers.json says for all runs.
 * @throws UserError where one of the files is wrong
 */
export const placesOf = (runPath: string): TrackerPlaces => ({
  ...readPlaces(sharedPath(runPath)),
  ...readPlaces(placesPath(runPath)),
});
