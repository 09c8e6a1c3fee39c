import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { explainCacheWrite, fileState, weightCache, weightCachePath } from "../files/weightCache.ts";
import { configText } from "./configText.ts";
import { ggufConfig } from "./ggufConfig.ts";
import { readGguf } from "./ggufFile.ts";
import { ggufPaths } from "./ggufParts.ts";
import { ggufTokenizer } from "./ggufTokenizer.ts";
import { readShown, SHOWN_FILE, SHOWN_PREFIX } from "./shownGguf.ts";

/** Changes when the same file would be shown as another folder. */
const VERSION = 2;
const TEXTS = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"] as const;

const digest = (text: string | Buffer): string => createHash("sha256").update(text).digest("hex");

/** Folders that this process has verified, by the state of their files; a folder is asked for several times. */
const verified = new Set<string>();

/** Where the folder of a GGUF file as it is now lies, whether it is there or not. */
export function shownFolderOf(path: string): string {
  const state = JSON.stringify([VERSION, path, ggufPaths(path).map(fileState)]);
  return join(weightCachePath(), `${SHOWN_PREFIX}${digest(state).slice(0, 32)}`);
}

/** Whether the folder of a GGUF file is there, and no byte of it has changed. */
function isWhole(folder: string, path: string): boolean {
  const files = [SHOWN_FILE, ...TEXTS].map((name) => join(folder, name));
  if (!files.every((file) => existsSync(file))) return false;
  const state = files.map(fileState).join("\n");
  if (verified.has(state)) return true;
  try {
    const { gguf, sha256 } = readShown(folder);
    const isSame = TEXTS.every((name) => digest(readFileSync(join(folder, name))) === sha256?.[name]);
    if (gguf !== path || !isSame) return false;
  } catch {
    return false;
  }
  verified.add(state);
  return true;
}

/**
 * The folder in the cache that shows a GGUF file as a Hugging Face folder: config and tokenizer made from its metadata,
 * and the name of the file, which keeps the weights. It is made where it is missing or damaged, and anew for a changed
 * file.
 * @param path the file, or the first of several that belong together
 * @throws UserError where the file cannot be read or is of a kind that is not supported, or the cache not be written
 */
export function ggufFolder(path: string): string {
  weightCache();
  // A missing file is told by its reader.
  const target = shownFolderOf(path);
  if (isWhole(target, path)) return target;
  const read = readGguf(path);
  const config = ggufConfig(read);
  const { tokenizer, tokenizerConfig, generationConfig } = ggufTokenizer(read.metadata);
  const texts: Record<(typeof TEXTS)[number], string> = {
    "config.json": configText(config),
    "generation_config.json": JSON.stringify(generationConfig),
    "tokenizer.json": JSON.stringify(tokenizer),
    "tokenizer_config.json": JSON.stringify(tokenizerConfig),
  };
  const sha256 = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, digest(text)]));
  const temporary = `${target}.${randomUUID()}.tmp`;
  try {
    mkdirSync(temporary);
    for (const [name, text] of Object.entries(texts)) writeFileSync(join(temporary, name), text);
    writeFileSync(join(temporary, SHOWN_FILE), JSON.stringify({ gguf: path, sha256 }));
    put(temporary, target, path);
  } catch (error) {
    throw explainCacheWrite(error, temporary);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return target;
}

/** Puts a new folder in its place, unless another process was faster. */
function put(made: string, target: string, path: string): void {
  if (isWhole(target, path)) return;
  rmSync(target, { recursive: true, force: true });
  try {
    renameSync(made, target);
  } catch (error) {
    if (!isWhole(target, path)) throw error;
  }
}
