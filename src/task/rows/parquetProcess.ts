import { fork, type ChildProcess } from "node:child_process";
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { receivedError, UserError, type Bug, type ErrorData } from "../../base/errors.ts";
import type { Row } from "./row.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";
import type { ParquetPart } from "./parquetGroups.ts";

/** The request to the reader process: what to read, and within which limits. */
export interface ParquetRequest {
  path: string;
  most: number;
  milliseconds: number;
  megabytes: number;
}
/** A message of the reader process: some rows, the limit that it exceeded, or an error. */
export type ParquetMessage = ParquetPart | { tooMuch: "time" | "memory" } | { error: ErrorData | Bug };

/**
 * The bundle of the reader process: beside the bundle that this file is part of, or in dist/ when this runs from
 * source.
 */
const ENTRY = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../../../dist/parquet.js" : "./parquet.js", import.meta.url),
);
/** Limits of processor time (ms) and memory (MB): a constant, and an amount for each megabyte of the file. */
const MOST_MS = 3000;
const MS_A_MEGABYTE = 2000;
const MOST_MB = 192;
const MB_A_MEGABYTE = 40;
const LARGEST_MB = 16_000;
const MEGABYTE = 2 ** 20;

const TOO_MUCH = {
  time: phrase`it takes more time than a file of its size needs`,
  memory: phrase`it takes more memory than a file of its size needs`,
};
const hostile = (path: string, what: Phrase): UserError =>
  new UserError(
    "parquet-malformed",
    phrase`${path}: no Parquet that can be read: ${what}`,
    phrase`Copy or download the file again.`,
  );

/**
 * Reads rows of a Parquet file in a process of its own. The library trusts the content of pages, so a hostile page may
 * make it loop for ever or exhaust memory; that ends only the reader process.
 * @param most about how many bytes of values to read
 * @returns `all`: whether these are all rows of the file
 * @throws UserError naming the file, and the rows of a damaged part
 */
export async function readParquet(path: string, most: number): Promise<{ rows: Row[]; all: boolean }> {
  const size = (statSync(path, { throwIfNoEntry: false })?.size ?? 0) / MEGABYTE;
  const reader = fork(ENTRY, [], {
    execArgv: [],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
  });
  try {
    return await received(reader, {
      path,
      most,
      milliseconds: MOST_MS + MS_A_MEGABYTE * size,
      megabytes: Math.min(LARGEST_MB, MOST_MB + MB_A_MEGABYTE * size),
    });
  } finally {
    reader.kill("SIGKILL");
  }
}

/** Collects the rows that the process sends until its last part. */
function received(reader: ChildProcess, work: ParquetRequest): Promise<{ rows: Row[]; all: boolean }> {
  const rows: Row[] = [];
  const { path } = work;
  return new Promise((resolve, reject) => {
    reader.on("message", (part: ParquetMessage) => {
      if ("tooMuch" in part) reject(hostile(path, TOO_MUCH[part.tooMuch]));
      else if ("error" in part) reject(receivedError(part.error));
      else {
        for (const row of part.rows) rows.push(row);
        if (part.all !== undefined) resolve({ rows, all: part.all });
      }
    });
    reader.once("error", reject);
    reader.once("exit", (code, signal) => {
      reject(hostile(path, phrase`its reader ended (${signal ?? String(code)})`));
    });
    // A process that ends before it has read the request is reported by its exit.
    reader.send(work, () => {
      /* see exit */
    });
  });
}
