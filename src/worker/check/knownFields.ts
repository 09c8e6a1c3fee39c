import { statSync } from "node:fs";
import { UserError } from "../../base/errors.ts";
import type { Conversation } from "../../task/chat/conversation.ts";
import { chatExample } from "../../task/chat/loadChatTask.ts";
import { firstRows } from "../../task/rows/readRows.ts";
import type { Row } from "../../task/rows/row.ts";
import { columnsOf } from "../../task/template.ts";

/** Bytes of a data file that are read for its fields; the second number is for files with a longer first row. */
const BYTES = [1e6, 32e6];
const ROWS = 200;
/** Rows whose conversations are written by the chat template. */
const RENDERED = 20;
/** The number of files whose fields are kept. */
const MOST = 100;

/** The fields of a data file's first rows, or why they cannot be read. */
export type Fields = { names: readonly string[] } | { error: UserError };

/** The fields of data files that experiments name; a file is read again when it changes. */
export class KnownFields {
  private readonly files = new Map<string, Promise<Fields>>();
  private readonly talks = new Map<string, Promise<Conversation[]>>();
  private readonly chats = new Map<string, Promise<UserError | undefined>>();

  of(path: string): Promise<Fields> {
    return kept(this.files, path, async () => {
      const rows = await read(path);
      return "error" in rows ? rows : { names: columnsOf(rows.rows) };
    });
  }

  /** The conversations of a file's first rows. */
  conversations(path: string): Promise<Conversation[]> {
    return kept(this.talks, path, async () => {
      const rows = await read(path);
      return "error" in rows ? [] : conversationsOf(path, rows.rows);
    });
  }

  /** Why the first rows of a file are no conversations; undefined where they are. */
  noChat(path: string): Promise<UserError | undefined> {
    return kept(this.chats, path, async () => {
      const rows = await read(path);
      return "error" in rows ? rows.error : noChatOf(path, rows.rows);
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
function kept<T>(known: Map<string, Promise<T>>, path: string, look: () => Promise<T>): Promise<T> {
  const { mtimeMs, size, ino } = statSync(path, { throwIfNoEntry: false }) ?? {};
  const key = [path, mtimeMs, size, ino].join(" ");
  const found = known.get(key) ?? look();
  known.delete(key);
  known.set(key, found);
  for (const oldest of [...known.keys()].slice(0, -MOST)) known.delete(oldest);
  return found;
}

function noChatOf(path: string, rows: readonly Row[]): UserError | undefined {
  try {
    for (const row of rows) chatExample(path, row, { trainOn: "all" });
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

async function read(path: string): Promise<{ rows: Row[] } | { error: UserError }> {
  let error: UserError | undefined;
  for (const bytes of BYTES) {
    try {
      return { rows: (await firstRows(path, bytes)).rows.slice(0, ROWS) };
    } catch (failure) {
      if (!(failure instanceof UserError)) throw failure;
      error = failure;
    }
  }
  return { error: error! };
}
