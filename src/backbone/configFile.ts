import { existsSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { boundedText } from "../base/files/boundedFile.ts";
import { type Phrase } from "../base/phrase.ts";
import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import { outOfBounds } from "../base/jsonBounds.ts";

/** The largest config.json that is read, in bytes; real files have a few kilobytes. */
const MOST_BYTES = 1024 * 1024;

/** A model folder's config.json, read as JSON but not yet checked against a family's schema. */
export interface ConfigFile {
  path: string;
  json: unknown;
  /** Its `model_type`; undefined where the file has none. */
  modelType: string | undefined;
}

/**
 * Reads the config.json of a model folder.
 * @param action for the error: what the user can do about a folder that is not a model's
 * @throws UserError naming the file
 */
export function readConfigFile(folder: string, action: Phrase): ConfigFile {
  const path = join(folder, "config.json");
  if (!existsSync(path))
    throw new UserError("backbone-config-missing", phrase`${folder} is no model folder: it has no config.json`, action);
  const text = boundedText(path, MOST_BYTES);
  const out = outOfBounds(text);
  if (out !== undefined) throw new UserError("backbone-config-out-of-bounds", phrase`${path} has ${out.what}`, action);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UserError(
      "backbone-config-not-json",
      phrase`${path} cannot be read as JSON: ${(error as Error).message}`,
      action,
    );
  }
  const type = z.object({ model_type: z.string() }).safeParse(json);
  return { path, json, modelType: type.success ? type.data.model_type : undefined };
}

/**
 * Parses the config with a family's schema.
 * @throws UserError naming the file and the key
 */
export function checkedConfig<T>({ path, json }: ConfigFile, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const parts = [issue?.path.join(".") ?? "", issue?.message ?? "malformed"];
  throw new UserError("backbone-config-malformed", phrase`${path}: ${parts.filter((part) => part !== "").join(": ")}`);
}
