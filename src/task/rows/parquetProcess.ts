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

/** What the reader process says next: its messages in order, then why it ended. */
class Reader {
  private readonly told: (ParquetMessage | Error)[] = [];
  private wake: (() => void) | undefined;

  constructor(
    private readonly child: ChildProcess,
    work: ParquetRequest,
  ) {
    child.on("message", (message: ParquetMessage) => {
      this.add(message);
    });
    child.once("error", (error) => {
      this.add(error);
    });
    child.once("exit", (code, signal) => {
      this.add(hostile(work.path, phrase`its reader ended (${signal ?? String(code)})`));
    });
    this.say(work);
  }

  /** Sends a message. A process that ends before it has read it is reported by its exit. */
  say(message: ParquetRequest | "next"): void {
    this.child.send(message, () => {
      /* see exit */
    });
  }

  async next(): Promise<ParquetMessage> {
    while (this.told.length === 0)
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    const first = this.told.shift()!;
    if (first instanceof Error) throw first;
    return first;
  }

  private add(message: ParquetMessage | Error): void {
    this.told.push(message);
    this.wake?.();
  }
}

/**
 * Reads rows of a Parquet file in a process of its own, part by part as they are asked for. The library trusts the
 * content of pages, so a hostile page may make it loop for ever or exhaust memory; that ends only the reader process.
 * @param most about how many bytes of values to read
 * @throws UserError naming the file, and the rows of a damaged part
 */
export async function* parquetParts(path: string, most: number): AsyncGenerator<ParquetPart> {
  const size = (statSync(path, { throwIfNoEntry: false })?.size ?? 0) / MEGABYTE;
  const child = fork(ENTRY, [], {
    execArgv: [],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
  });
  try {
    const reader = new Reader(child, {
      path,
      most,
      milliseconds: MOST_MS + MS_A_MEGABYTE * size,
      megabytes: Math.min(LARGEST_MB, MOST_MB + MB_A_MEGABYTE * size),
    });
    for (;;) {
      const part = await reader.next();
      if ("tooMuch" in part) throw hostile(path, TOO_MUCH[part.tooMuch]);
      if ("error" in part) throw receivedError(part.error);
      yield part;
      if (part.all !== undefined) return;
      reader.say("next");
    }
  } finally {
    child.kill("SIGKILL");
  }
}

/**
 * Reads rows of a Parquet file.
 * @returns `all`: whether these are all rows of the file
 * @throws UserError as `parquetParts`
 */
export async function readParquet(path: string, most: number): Promise<{ rows: Row[]; all: boolean }> {
  const rows: Row[] = [];
  let isAll = false;
  for await (const part of parquetParts(path, most)) {
    for (const row of part.rows) rows.push(row);
    isAll = part.all === true;
  }
  return { rows, all: isAll };
}
