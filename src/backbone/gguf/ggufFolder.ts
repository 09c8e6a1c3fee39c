import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { explainWrite } from "../../base/files/atomicFile.ts";
import { fileState, weightCache } from "../files/weightCache.ts";
import { configText } from "./configText.ts";
import { ggufConfig } from "./ggufConfig.ts";
import { readGguf } from "./ggufFile.ts";
import { ggufTokenizer } from "./ggufTokenizer.ts";

/** Changes when the same file would be shown as another folder. */
const VERSION = 1;
/** The file of the folder that names the GGUF file. */
const NAMES_FILE = "gguf.json";
const Named = z.object({ gguf: z.string() });

/**
 * The folder in the cache that shows a GGUF file as a Hugging Face folder: config and tokenizer made from its metadata,
 * and the name of the file, which keeps the weights. It is made where it is missing, and anew for a changed file.
 * @param path the file, or the first of several that belong together
 * @throws UserError where the file cannot be read or is of a kind that is not supported, or the cache not be written
 */
export function ggufFolder(path: string): string {
  // A missing file is told by its reader.
  const known = existsSync(path) ? fileState(path) : "";
  const state = JSON.stringify([VERSION, path, known]);
  const target = join(weightCache(), `gguf-${createHash("sha256").update(state).digest("hex").slice(0, 32)}`);
  if (existsSync(join(target, NAMES_FILE))) return target;
  const read = readGguf(path);
  const config = ggufConfig(read);
  const { tokenizer, tokenizerConfig, generationConfig } = ggufTokenizer(read.metadata);
  const temporary = `${target}.${randomUUID()}.tmp`;
  try {
    mkdirSync(temporary);
    const files = {
      "config.json": configText(config),
      "generation_config.json": JSON.stringify(generationConfig),
      "tokenizer.json": JSON.stringify(tokenizer),
      "tokenizer_config.json": JSON.stringify(tokenizerConfig),
      [NAMES_FILE]: JSON.stringify({ gguf: path }),
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(temporary, name), content);
    put(temporary, target);
  } catch (error) {
    throw explainWrite(error, temporary);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return target;
}

/** Puts a new folder in its place, unless another process was faster. */
function put(made: string, target: string): void {
  try {
    renameSync(made, target);
  } catch (error) {
    if (!existsSync(join(target, NAMES_FILE))) throw error;
  }
}

/** The GGUF file that a folder of the cache shows; undefined for any other folder. */
export function ggufOf(folder: string): string | undefined {
  const path = join(folder, NAMES_FILE);
  if (!existsSync(path)) return undefined;
  return Named.parse(JSON.parse(readFileSync(path, "utf8"))).gguf;
}
