import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { boundedText } from "../../base/files/boundedFile.ts";
import { writeFileAtomic } from "../../base/files/atomicFile.ts";
import { UserError } from "../../base/errors.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";
import { PhraseData } from "../../base/phraseSchema.ts";
import type { Example } from "../../task/example.ts";
import type { EncodedBlock } from "./encodeBlock.ts";
import {
  FIELD,
  FIELDS,
  idsOf,
  placeAt,
  setPlace,
  StoredExample,
  storedIds,
  type IdBytes,
  type StoredIds,
} from "./exampleRecord.ts";

const FILES = { index: "index.u32", tokens: "tokens", texts: "texts.jsonl" } as const;
type StoreFile = keyof typeof FILES;
const STORE_FILES = Object.keys(FILES) as StoreFile[];
const MANIFEST = "store.json";
const MOST_MANIFEST = 1 << 20;
const RECORD_BYTES = FIELDS * 4;
/** The most ids, and bytes of text, of one example: a damaged index must not take all memory. */
const MOST_IDS = 1 << 24;
const MOST_TEXT = 1 << 28;
/** Examples whose index is read at a time. */
const SCANNED = 1 << 16;

const Manifest = z.object({
  count: z.number().int().nonnegative(),
  idBytes: z.union([z.literal(2), z.literal(4)]),
  /** The file that the examples are of, as notes name it. */
  path: z.string(),
  notes: z.array(PhraseData),
});
/** What a store holds, beside its examples. */
export type StoreManifest = z.output<typeof Manifest>;

const openFiles = (folder: string, flag: "r" | "wx"): Record<StoreFile, number> =>
  Object.fromEntries(STORE_FILES.map((name) => [name, openSync(join(folder, FILES[name]), flag)])) as Record<
    StoreFile,
    number
  >;

function closeFiles(fds: Record<StoreFile, number>): void {
  for (const name of STORE_FILES) closeSync(fds[name]);
}

/** Writes encoded examples into the files of a new store, block by block. */
export class StoreWriter {
  private readonly fds: Record<StoreFile, number>;
  private readonly ends: Record<StoreFile, number> = { index: 0, tokens: 0, texts: 0 };
  private written = 0;

  /** @param folder an empty folder */
  constructor(
    private readonly folder: string,
    private readonly idBytes: IdBytes,
  ) {
    this.fds = openFiles(folder, "wx");
  }

  /** The number of examples. */
  get count(): number {
    return this.written;
  }

  append({ count, ids, index, texts }: EncodedBlock): void {
    let tokensAt = this.ends.tokens;
    let textAt = this.ends.texts;
    for (let at = 0; at < index.length; at += FIELDS) {
      setPlace(index, at + FIELD.tokensLow, tokensAt);
      setPlace(index, at + FIELD.textLow, textAt);
      tokensAt += idsOf(index.subarray(at, at + FIELDS)) * this.idBytes;
      textAt += index[at + FIELD.textBytes]!;
    }
    this.write("index", index);
    this.write("tokens", ids);
    this.write("texts", texts);
    this.written += count;
  }

  private write(name: StoreFile, data: ArrayBufferView): void {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (let done = 0; done < bytes.length;) done += writeSync(this.fds[name], bytes, done, bytes.length - done);
    this.ends[name] += bytes.length;
  }

  /** Closes the files; with notes, the store is complete. */
  end(about?: Pick<StoreManifest, "path" | "notes">): void {
    closeFiles(this.fds);
    if (about === undefined) return;
    const manifest: StoreManifest = { ...about, count: this.written, idBytes: this.idBytes };
    writeFileAtomic(join(this.folder, MANIFEST), JSON.stringify(manifest));
  }
}

const damaged = (folder: string): UserError =>
  new UserError(
    "example-store-damaged",
    phrase`The encoded examples in ${folder} are damaged`,
    phrase`Delete that folder: they are made anew.`,
  );

/** Encoded examples on disk, read one by one. */
export class ExampleStore {
  private constructor(
    private readonly folder: string,
    private readonly fds: Record<StoreFile, number>,
    private readonly manifest: StoreManifest,
  ) {}

  /** Opens the store of a folder; undefined where there is none that is complete. */
  static open(folder: string): ExampleStore | undefined {
    let json: unknown;
    try {
      json = JSON.parse(boundedText(join(folder, MANIFEST), MOST_MANIFEST));
    } catch {
      return undefined;
    }
    const { data } = Manifest.safeParse(json);
    return data && new ExampleStore(folder, openFiles(folder, "r"), data);
  }

  get count(): number {
    return this.manifest.count;
  }
  get notes(): readonly Phrase[] {
    return this.manifest.notes;
  }
  /** The data file as the notes name it. */
  get path(): string {
    return this.manifest.path;
  }

  close(): void {
    closeFiles(this.fds);
  }

  /** Calls `look` with the fields of each example, in order; they change after the call. */
  scan(look: (fields: Uint32Array, example: number) => void): void {
    for (let from = 0; from < this.count; from += SCANNED) {
      const some = Math.min(SCANNED, this.count - from);
      const index = this.fields(from, some);
      for (let own = 0; own < some; own++) look(index.subarray(own * FIELDS, (own + 1) * FIELDS), from + own);
    }
  }

  /** @throws UserError where the files are not those that were written */
  example(at: number): StoredExample {
    const fields = this.fields(at, 1);
    return new StoredExample(fields, this.ids(fields), () => this.textOf(fields));
  }

  /** An example as text. */
  text(at: number): Example {
    return this.textOf(this.fields(at, 1));
  }

  private ids(fields: Uint32Array): StoredIds {
    if (idsOf(fields) > MOST_IDS || fields[FIELD.textBytes]! > MOST_TEXT) throw damaged(this.folder);
    const ids = storedIds(idsOf(fields), this.manifest.idBytes);
    this.read("tokens", placeAt(fields, FIELD.tokensLow), ids);
    return ids;
  }

  private textOf(fields: Uint32Array): Example {
    const bytes = new Uint8Array(fields[FIELD.textBytes]!);
    this.read("texts", placeAt(fields, FIELD.textLow), bytes);
    try {
      return JSON.parse(Buffer.from(bytes.buffer).toString("utf8")) as Example;
    } catch {
      throw damaged(this.folder);
    }
  }

  private fields(from: number, count: number): Uint32Array {
    const fields = new Uint32Array(count * FIELDS);
    this.read("index", from * RECORD_BYTES, fields);
    return fields;
  }

  private read(name: StoreFile, from: number, into: ArrayBufferView): void {
    const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
    for (let done = 0; done < bytes.length;) {
      const read = readSync(this.fds[name], bytes, done, bytes.length - done, from + done);
      if (read === 0) throw damaged(this.folder);
      done += read;
    }
  }
}
