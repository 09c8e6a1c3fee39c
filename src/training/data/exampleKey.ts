import { createHash } from "node:crypto";
import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { cacheUnwritable } from "../../backbone/files/weightCache.ts";
import { readTokenizerConfig } from "../../backbone/tokenizer/tokenizerConfig.ts";
import { tokenizerSource } from "../../backbone/tokenizer/tokenizerFiles.ts";
import { writeFileAtomic } from "../../base/files/atomicFile.ts";
import { dataBytes } from "../../task/rows/dataText.ts";
import { nameOf } from "../../task/rows/textForm.ts";
import type { EncodeSetup } from "./encodeThread.ts";
import { checkStop, type Preparing } from "./preparing.ts";

/** Changes when the same data would be stored otherwise. */
const VERSION = 1;
/** Files of a model folder that decide how texts become tokens, beside the tokenizer itself. */
const FORM_FILES = ["config.json", "generation_config.json", "tokenizer_config.json"];
const PART = 1 << 22;

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** What changes when a file is written or replaced, also where its time is set back. */
export function dataState(path: string): string {
  const { size, mtimeNs, ctimeNs, ino, dev } = statSync(path, { bigint: true });
  return [realpathSync(path), size, mtimeNs, ctimeNs, ino, dev].join();
}

/**
 * The SHA-256 of a file's content, kept under its size and times, so that an unchanged file is read once.
 * @param folder where that is kept
 * @throws PreparationStopped
 */
async function contentOf(path: string, folder: string, preparing: Preparing): Promise<string> {
  const known = join(folder, `${hashOf(dataState(path)).slice(0, 32)}.hash`);
  if (existsSync(known)) {
    const kept = readFileSync(known, "utf8");
    if (/^[0-9a-f]{64}$/.test(kept)) return kept;
  }
  const hash = createHash("sha256");
  for await (const part of dataBytes(path, false, PART)) {
    checkStop(preparing);
    hash.update(part);
  }
  const found = hash.digest("hex");
  try {
    writeFileAtomic(known, found);
  } catch (error) {
    throw cacheUnwritable(folder, error);
  }
  return found;
}

function textOf(path: string): string {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(path, "utf8") : "";
}

/**
 * A name for the encoded examples of a file: the same content, read in the same way by the same tokenizer, has the same
 * name, wherever it lies.
 * @param folder where hashes of large files are kept
 */
export async function exampleKey(
  path: string,
  setup: EncodeSetup,
  { folder, preparing }: { folder: string; preparing: Preparing },
): Promise<string> {
  const { folder: model, task, prompt, lengths, isCausal, vocabulary } = setup;
  const { shots: _, ...form } = prompt ?? {};
  const how =
    task.kind === "file"
      ? { source: task.source, target: task.target }
      : { system: task.system, trainOn: task.trainOn };
  const described = {
    version: VERSION,
    content: await contentOf(path, folder, preparing),
    name: nameOf(path),
    kind: task.kind,
    ...how,
    encoding: task.encoding,
    skips: task.skipBadRows,
    form,
    lengths: [lengths.maxSourceLength, lengths.maxTargetLength],
    isCausal,
    vocabulary,
    tokenizer: hashOf(tokenizerSource(model).json),
    special: readTokenizerConfig(model),
    files: FORM_FILES.map((name) => hashOf(textOf(join(model, name)))),
  };
  return hashOf(JSON.stringify(described)).slice(0, 40);
}
