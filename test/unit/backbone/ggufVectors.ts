import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { GgufType } from "../../../src/backbone/gguf/ggufTypes.ts";

/** Bytes of blocks with their values, which the Python package gguf has made. */
export interface BlockVector {
  name: string;
  type: GgufType;
  raw: Uint8Array;
  values: Float32Array;
}

/** Blocks of every type: random bytes, fp16 of the kind in the name. test/models/ggufFiles.test.ts checks them. */
export function blockVectors(): BlockVector[] {
  const stored = JSON.parse(readFileSync(join(import.meta.dirname, "ggufVectors.json"), "utf8")) as {
    name: string;
    type: GgufType;
    raw: string;
    values: string;
  }[];
  return stored.map(({ name, type, raw, values }) => ({
    name,
    type,
    raw: Buffer.from(raw, "base64"),
    values: new Float32Array(Uint8Array.from(Buffer.from(values, "base64")).buffer),
  }));
}

/** Asserts that values are the same bit for bit; one NaN is as good as another. */
export function sameValues(own: Float32Array, theirs: Float32Array, what: string): void {
  assert.equal(own.length, theirs.length, what);
  for (let i = 0; i < own.length; i++)
    if (!Object.is(own[i], theirs[i])) assert.fail(`${what}: value ${i} is ${own[i]}, not ${theirs[i]}`);
}
