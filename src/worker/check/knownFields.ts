import { statSync } from "node:fs";
import { join } from "node:path";
import { loadTokenizer } from "../../backbone/tokenizer/tokenizer.ts";
import { UserError } from "../../base/errors.ts";
import type { Conversation } from "../../task/chat/conversation.ts";
import { chatExample } from "../../task/chat/loadChatTask.ts";
import { EXPERIMENT_SETTINGS } from "../../task/fileExamples.ts";
import { firstRows, type SomeRows } from "../../task/rows/readRows.ts";
import type { Row } from "../../task/rows/row.ts";
import { columnsOf } from "../../task/template.ts";

/** Bytes of a data file that are read for its fields; the second number is for files with a longer first row. */
const BYTES = [1e6, 32e6];
const ROWS = 200;
/** Rows whose conversations are written by the chat template. */
const RENDERED = 20;
/** Files that a tokenizer is read from. */
const TOKENIZER_FILES = ["tokenizer.json", "tokenizer_config.json", "spiece.model", "vocab.json", "merges.txt"];
/** The number of files whose fields are kept. */
const MOST = 100;

/** The fields of a data file's first rows, or why they cannot be read. */
export type Fields = { names: readonly string[] } | { error: UserError };
/** The first rows of a data file, or why it cannot be read. */
export type FirstRows = SomeRows | { error: UserError };

/** The fields of data files that experiments name; a file is read again when it changes. */
export class KnownFields {
  private readonly files = new Map<string, Promise<Fields>>();
  private readonly talks = new Map<string, Promise<Conversation[]>>();
  private readonly some = new Map<string, Promise<FirstRows>>();
  private readonly tokenizers = new Map<string, Promise<UserError | undefined>>();

  of(path: string, encoding?: string): Promise<Fields> {
    return kept(this.files, path, encoding, async () => {
      const some = await this.rows(path, encoding);
      if ("error" in some) return some;
      const names = columnsOf(some.rows.slice(0, ROWS));
      return names.length === 0 && some.bad !== undefined
        ? { error: some.bad.error(path, some.bad.length, EXPERIMENT_SETTINGS.skip) }
        : { names };
    });
  }

  /**
   * The first rows of a file, those that cannot be read among them.
   * @param headerless columns of a TSV that may have no header
   */
  rows(path: string, encoding?: string, headerless?: readonly string[]): Promise<FirstRows> {
    const how = headerless === undefined ? encoding : `${encoding ?? ""} ${headerless.join()}`;
    return kept(this.some, path, how, () => read(path, encoding, headerless));
  }

  /** Why a backbone's tokenizer cannot be read; undefined if it can. */
  tokenizerError(folder: string, vocabulary: number): Promise<UserError | undefined> {
    const stamps = TOKENIZER_FILES.map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs);
    return kept(this.tokenizers, folder, stamps.join(), () => Promise.resolve(tokenizerError(folder, vocabulary)));
  }

  /** The conversations of a file's first rows. */
  conversations(path: string): Promise<Conversation[]> {
    return kept(this.talks, path, undefined, async () => {
      const some = await this.rows(path);
      return "error" in some ? [] : conversationsOf(path, some.rows);
    });
  }
}

/** Conversations of the first rows that are any. */
function conversationsOf(path: string, rows: readonly Row[]): Conversation[] {
  return rows.slice(0, RENDERED).flatMap((row) => {
    try {
      return chatExample(path, row, { trainOn: "all" }).chat ?? [];
    } catch (error) {
      if (error instanceof UserError) return [];
      throw error;
    }
  });
}

/** What was found out about a file, or is now. */
function kept<T>(
  known: Map<string, Promise<T>>,
  path: string,
  encoding: string | undefined,
  look: () => Promise<T>,
): Promise<T> {
  const { mtimeMs, size, ino } = statSync(path, { throwIfNoEntry: false }) ?? {};
  const key = [path, encoding, mtimeMs, size, ino].join(" ");
  const found = known.get(key) ?? look();
  known.delete(key);
  known.set(key, found);
  for (const oldest of [...known.keys()].slice(0, -MOST)) known.delete(oldest);
  return found;
}

function tokenizerError(folder: string, vocabulary: number): UserError | undefined {
  try {
    loadTokenizer(folder, vocabulary);
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

async function read(
  path: string,
  encoding: string | undefined,
  headerless: readonly string[] | undefined,
): Promise<FirstRows> {
  let error: UserError | undefined;
  for (const bytes of BYTES) {
    try {
      return await firstRows(path, bytes, encoding, headerless);
    } catch (failure) {
      if (!(failure instanceof UserError)) throw failure;
      error = failure;
    }
  }
  return { error: error! };
}
