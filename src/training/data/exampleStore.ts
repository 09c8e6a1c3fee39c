import { closeSync, fsync, fsyncSync, openSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { boundedText } from "../../base/files/boundedFile.ts";
import { writeFileAtomic } from "../../base/files/atomicFile.ts";
import { UserError } from "../../base/errors.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";
import { PhraseData } from "../../base/phraseSchema.ts";
import type { Example } from "../../task/example.ts";
import { hashKey } from "../../task/counts/textHash.ts";
import type { Row } from "../../task/rows/row.ts";
import type { TokenisedExample } from "../batch/tokenisedExample.ts";
import type { EncodedBlock } from "./encodeBlock.ts";
import {
  FIELD,
  FIELDS,
  idsOf,
  placeAt,
  setPlace,
  storedExample,
  storedIds,
  type IdBytes,
  type StoredIds,
} from "./exampleRecord.ts";
import { storedRow } from "./storedRow.ts";
import { WindowedFile } from "./windowedFile.ts";

const FILES = { index: "index.u32", tokens: "tokens", rows: "rows" } as const;
type StoreFile = keyof typeof FILES;
const STORE_FILES = Object.keys(FILES) as StoreFile[];
const MANIFEST = "store.json";
const MOST_MANIFEST = 1 << 20;
const RECORD_BYTES = FIELDS * 4;
/** The most ids, and bytes of a row, of one example: a damaged index must not take all memory. */
const MOST_IDS = 1 << 24;
const MOST_ROW = 1 << 28;
/** Bytes after which the disk is asked to write what it has been given. */
const SYNCED = 1 << 26;
/** Examples whose index is read at a time. */
const SCANNED = 1 << 16;

const Manifest = z.object({
  count: z.number().int().nonnegative(),
  /** Bytes of each file. */
  bytes: z.object({ index: z.number(), tokens: z.number(), rows: z.number() }),
  idBytes: z.union([z.literal(2), z.literal(4)]),
  /** The file that the examples are of, as notes name it. */
  path: z.string(),
  notes: z.array(PhraseData),
});
/** What a store holds, beside its examples. */
export type StoreManifest = z.output<typeof Manifest>;

const eachFile = <T>(make: (name: StoreFile) => T): Record<StoreFile, T> =>
  Object.fromEntries(STORE_FILES.map((name) => [name, make(name)])) as Record<StoreFile, T>;

/** Writes encoded examples into the files of a new store, block by block. */
export class StoreWriter {
  private readonly fds: Record<StoreFile, number>;
  private readonly ends: Record<StoreFile, number> = { index: 0, tokens: 0, rows: 0 };
  private written = 0;
  private unsynced = 0;

  /** @param folder an empty folder */
  constructor(
    private readonly folder: string,
    private readonly idBytes: IdBytes,
  ) {
    this.fds = eachFile((name) => openSync(join(folder, FILES[name]), "wx"));
  }

  /** The number of examples. */
  get count(): number {
    return this.written;
  }

  append({ count, ids, index, rows }: EncodedBlock): void {
    let tokensAt = this.ends.tokens;
    let rowAt = this.ends.rows;
    for (let at = 0; at < index.length; at += FIELDS) {
      setPlace(index, at + FIELD.tokensLow, tokensAt);
      setPlace(index, at + FIELD.rowLow, rowAt);
      tokensAt += idsOf(index.subarray(at, at + FIELDS)) * this.idBytes;
      rowAt += index[at + FIELD.rowBytes]!;
    }
    this.write("index", index);
    this.write("tokens", ids);
    this.write("rows", rows);
    this.written += count;
  }

  private write(name: StoreFile, data: ArrayBufferView): void {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (let done = 0; done < bytes.length;) done += writeSync(this.fds[name], bytes, done, bytes.length - done);
    this.ends[name] += bytes.length;
    this.unsynced += bytes.length;
    if (this.unsynced < SYNCED) return;
    this.unsynced = 0;
    // The disk works while threads encode; what is left at the end is short. An error comes again there.
    for (const each of STORE_FILES) fsync(this.fds[each], () => undefined);
  }

  /** Closes the files; with notes, the store is complete. */
  end(about?: Pick<StoreManifest, "path" | "notes">): void {
    for (const name of STORE_FILES) {
      // What is read here is not compared with anything later: it must survive a power failure.
      if (about !== undefined) fsyncSync(this.fds[name]);
      closeSync(this.fds[name]);
    }
    if (about === undefined) return;
    const manifest: StoreManifest = { ...about, count: this.written, idBytes: this.idBytes, bytes: this.ends };
    writeFileAtomic(join(this.folder, MANIFEST), JSON.stringify(manifest));
  }
}

const damaged = (folder: string): UserError =>
  new UserError(
    "example-store-damaged",
    phrase`The encoded examples in ${folder} are damaged`,
    phrase`Delete that folder: they are made anew.`,
  );

/** A note in which a file has another name. */
function renamed(note: Phrase, before: string, now: string): Phrase {
  const inside = (value: unknown): unknown => {
    if (typeof value === "string") return value.startsWith(before) ? now + value.slice(before.length) : value;
    if (Array.isArray(value)) return value.map(inside);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, inside(each)]));
  };
  return inside(note) as Phrase;
}

/** What of an example was cut. */
export const CUT = { source: 1, target: 2 } as const;

/** The sizes of all examples in tokens, what was cut of each (`CUT`), and the keys of their targets' hashes. */
export interface StoreColumns {
  source: Uint32Array;
  target: Uint32Array;
  cut: Uint8Array;
  key: Float64Array;
}

/** Encoded examples on disk, read one by one. */
export class ExampleStore {
  private known: StoreColumns | undefined;

  private constructor(
    readonly folder: string,
    private readonly files: Record<StoreFile, WindowedFile>,
    private readonly manifest: StoreManifest,
    private readonly exampleOf: (row: Row) => Example,
  ) {}

  /**
   * Opens the store of a folder; undefined where there is none that is complete.
   * @param exampleOf makes an example of its row again
   */
  static open(folder: string, exampleOf: (row: Row) => Example): ExampleStore | undefined {
    let json: unknown;
    try {
      json = JSON.parse(boundedText(join(folder, MANIFEST), MOST_MANIFEST));
    } catch {
      return undefined;
    }
    const { data } = Manifest.safeParse(json);
    const sizeOf = (name: StoreFile): number | undefined =>
      statSync(join(folder, FILES[name]), { throwIfNoEntry: false })?.size;
    if (data === undefined || STORE_FILES.some((name) => sizeOf(name) !== data.bytes[name])) return undefined;
    const files = eachFile((name) => new WindowedFile(join(folder, FILES[name])));
    return new ExampleStore(folder, files, data, exampleOf);
  }

  get count(): number {
    return this.manifest.count;
  }

  /** What is to be said of the data file, by the name that it has now: the same content may have had another. */
  notesFor(path: string): Phrase[] {
    const { notes, path: before } = this.manifest;
    return notes.map((note) => renamed(note, before, path));
  }

  close(): void {
    for (const name of STORE_FILES) this.files[name].close();
  }

  /** What is in memory of every example: read once, 17 bytes each. */
  get columns(): StoreColumns {
    return (this.known ??= this.readColumns());
  }

  private readColumns(): StoreColumns {
    const columns: StoreColumns = {
      source: new Uint32Array(this.count),
      target: new Uint32Array(this.count),
      cut: new Uint8Array(this.count),
      key: new Float64Array(this.count),
    };
    for (let from = 0; from < this.count; from += SCANNED) {
      const some = Math.min(SCANNED, this.count - from);
      const index = this.fields(from, some);
      for (let own = 0; own < some; own++) {
        const at = own * FIELDS;
        columns.source[from + own] = index[at + FIELD.source]!;
        columns.target[from + own] = index[at + FIELD.target]!;
        columns.cut[from + own] =
          (index[at + FIELD.cutSource]! > 0 ? CUT.source : 0) + (index[at + FIELD.cutTarget]! > 0 ? CUT.target : 0);
        columns.key[from + own] = hashKey({ low: index[at + FIELD.hashLow]!, high: index[at + FIELD.hashHigh]! });
      }
    }
    return columns;
  }

  /** @throws UserError where the files are not those that were written */
  example(at: number): TokenisedExample {
    const fields = this.fields(at, 1);
    return storedExample(fields, this.ids(fields), () => this.textOf(fields));
  }

  /** An example as text. */
  text(at: number): Example {
    return this.textOf(this.fields(at, 1));
  }

  private ids(fields: Uint32Array): StoredIds {
    if (idsOf(fields) > MOST_IDS) throw damaged(this.folder);
    const ids = storedIds(idsOf(fields), this.manifest.idBytes);
    this.read("tokens", placeAt(fields, FIELD.tokensLow), ids);
    return ids;
  }

  private textOf(fields: Uint32Array): Example {
    if (fields[FIELD.rowBytes]! > MOST_ROW) throw damaged(this.folder);
    const bytes = Buffer.alloc(fields[FIELD.rowBytes]!);
    this.read("rows", placeAt(fields, FIELD.rowLow), bytes);
    const row = storedRow(bytes);
    if (row === undefined) throw damaged(this.folder);
    return this.exampleOf(row);
  }

  private fields(from: number, count: number): Uint32Array {
    const fields = new Uint32Array(count * FIELDS);
    this.read("index", from * RECORD_BYTES, fields);
    return fields;
  }

  private read(name: StoreFile, from: number, into: ArrayBufferView): void {
    const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
    if (!this.files[name].read(from, bytes)) throw damaged(this.folder);
  }
}
