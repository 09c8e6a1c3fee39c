import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import * as z from "zod";
import { weightCachePath } from "../files/weightCache.ts";

/** The file of a folder of the cache that names its GGUF file, and the SHA-256 of each other file. */
export const SHOWN_FILE = "gguf.json";
/** How the names of these folders begin. */
export const SHOWN_PREFIX = "gguf-";
const Shown = z.object({ gguf: z.string(), sha256: z.record(z.string(), z.string()).optional() });

/** What a folder says of the GGUF file that it shows. @throws ZodError, SyntaxError where the file is damaged */
export const readShown = (folder: string): z.output<typeof Shown> =>
  Shown.parse(JSON.parse(readFileSync(join(folder, SHOWN_FILE), "utf8")));

/** The GGUF file that a folder of the cache shows; undefined for any other folder, whatever it holds. */
export function ggufOf(folder: string): string | undefined {
  const isOwn = dirname(folder) === weightCachePath() && basename(folder).startsWith(SHOWN_PREFIX);
  return isOwn && existsSync(join(folder, SHOWN_FILE)) ? readShown(folder).gguf : undefined;
}
