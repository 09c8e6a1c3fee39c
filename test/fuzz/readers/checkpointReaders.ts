import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { phrase } from "../../../src/base/phrase.ts";
import { UserError } from "../../../src/base/errors.ts";
import { loadCheckpoint, saveCheckpoint } from "../../../src/training/checkpoint.ts";
import type { Parameters } from "../../../src/method/parameters.ts";
import { holds, type Reader } from "../reader.ts";

const LIKE: Parameters = new Map([
  ["prompt", { name: "prompt", dims: [2, 2], group: "prompt", data: Float32Array.of(1, 2, 3, 4) }],
]);

interface Head {
  __metadata__: Record<string, string>;
  [tensor: string]: unknown;
}

/** A safetensors file's header as a value, its bytes, and the tensors' bytes after it. @throws where it is none */
function taken(file: Buffer): { head: Head; text: Buffer; data: Buffer } {
  const length = Number(file.readBigUInt64LE());
  const text = file.subarray(8, 8 + length);
  return { head: JSON.parse(text.toString()) as Head, text, data: file.subarray(8 + length) };
}

function put(head: object, data: Buffer): Buffer {
  const json = Buffer.from(JSON.stringify(head));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([size, json, data]);
}

/**
 * The file with the digest of what it now says: of the tensors alone in the first version, of the state's description
 * too in the second.
 */
function signed(file: Buffer): Buffer {
  try {
    const { head, data } = taken(file);
    const { __metadata__: metadata, ...tensors } = head;
    const { step, updates, best } = metadata;
    const hash = createHash("sha256");
    if (metadata["format"] !== "adept-checkpoint-1") hash.update(JSON.stringify([step, updates, best]));
    for (const name of Object.keys(tensors).sort()) {
      const [from, to] = (tensors[name] as { data_offsets: [number, number] }).data_offsets;
      hash.update(name).update(data.subarray(from, to));
    }
    return put({ __metadata__: { ...metadata, sha256: hash.digest("hex") }, ...tensors }, data);
  } catch {
    return file;
  }
}

/** The same state as the first version of ADePT Lab wrote it. */
function firstVersion(file: Buffer): Buffer {
  const {
    head: { __metadata__: metadata, ...tensors },
    data,
  } = taken(file);
  return signed(put({ __metadata__: { ...metadata, format: "adept-checkpoint-1" }, ...tensors }, data));
}

const SAVED = saved();
function saved(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "adept-fuzz-state-"));
  const path = join(folder, "state.safetensors");
  try {
    const zero = { m: new Float32Array(4), v: new Float32Array(4) };
    saveCheckpoint(path, {
      step: 3,
      parameters: LIKE,
      adam: { t: 3, moments: new Map([["prompt", zero]]) },
      best: { step: 2, score: 0.5, parameters: LIKE },
    });
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const load =
  (folder: string) =>
  (input: Buffer): void => {
    const path = join(folder, "state.safetensors");
    writeFileSync(path, input);
    const state = loadCheckpoint(path, LIKE);
    if (state === undefined || "damage" in state)
      throw new UserError("checkpoint-unusable", state?.damage ?? phrase`none`);
    holds(
      state.parameters.get("prompt")?.data.length === 4 &&
        Number.isSafeInteger(state.step) &&
        Number.isSafeInteger(state.adam.t),
      "a checkpoint's state",
    );
    holds(
      state.best === undefined ||
        (Number.isSafeInteger(state.best.step) && state.best.parameters.get("prompt")?.data.length === 4),
      "a checkpoint's best state",
    );
  };

const checkpointReader: Reader = {
  name: "checkpoint",
  mend: signed,
  corpus: () => [SAVED, firstVersion(SAVED)],
  open: load,
};

/** The header alone, as a value. */
const headReader: Reader = {
  name: "checkpointHead",
  json: true,
  corpus: () => [SAVED, firstVersion(SAVED)].map((file) => taken(file).text),
  open: (folder) => {
    const own = load(folder);
    const { data } = taken(SAVED);
    return (input) => {
      const size = Buffer.alloc(8);
      size.writeBigUInt64LE(BigInt(input.length));
      own(signed(Buffer.concat([size, input, data])));
    };
  },
};

export const CHECKPOINT_READERS: readonly Reader[] = [checkpointReader, headReader];
