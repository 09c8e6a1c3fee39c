import type { Example } from "../../task/example.ts";
import type { TokenisedExample } from "../batch/tokenisedExample.ts";

/** The 32-bit numbers of an example in the index of a store, by name. */
export const FIELD = {
  source: 0,
  target: 1,
  /** Whether a mask of the target's tokens follows them. */
  masked: 2,
  cutSource: 3,
  cutTarget: 4,
  cutAt: 5,
  /** Bytes of its row as JSON. */
  rowBytes: 6,
  /** A hash of the target's text, of 64 bits. */
  hashLow: 7,
  hashHigh: 8,
  /** Where the example's tokens and its row begin; of 64 bits, since a file may be larger than 4 GB. */
  tokensLow: 9,
  tokensHigh: 10,
  rowLow: 11,
  rowHigh: 12,
} as const;
/** The number of them. */
export const FIELDS = 13;
const IGNORED = -100;
const WIDE = 2 ** 32;

/** Bytes of a token id on disk: ids of most vocabularies have 16 bits. */
export type IdBytes = 2 | 4;
export const idBytesOf = (vocabulary: number): IdBytes => (vocabulary <= 0x10000 ? 2 : 4);
/** Token ids as they are on disk. */
export type StoredIds = Uint16Array | Uint32Array;
export const storedIds = (length: number, bytes: IdBytes): StoredIds =>
  bytes === 2 ? new Uint16Array(length) : new Uint32Array(length);

/** Reads a place of 64 bits. */
export const placeAt = (index: Uint32Array, at: number): number => index[at]! + index[at + 1]! * WIDE;
/** Writes a place of 64 bits. */
export function setPlace(index: Uint32Array, at: number, place: number): void {
  index[at] = place % WIDE;
  index[at + 1] = Math.floor(place / WIDE);
}

/** The number of ids that an example has on disk. */
export const idsOf = (fields: Uint32Array): number =>
  fields[FIELD.source]! + fields[FIELD.target]! * (fields[FIELD.masked] === 0 ? 1 : 2);

/** Token ids of examples, one behind the other as they are on disk. */
export class IdWriter {
  private ids: StoredIds;
  private length = 0;

  constructor(private readonly idBytes: IdBytes) {
    this.ids = storedIds(1 << 16, idBytes);
  }

  /** Adds an example: its input, its target, and where some tokens of the target are not trained, which are. */
  add({ ids, labels, targetIds }: TokenisedExample): void {
    this.put(ids);
    this.put(targetIds ?? labels);
    if (targetIds !== undefined) this.put(Array.from(labels, (label) => (label === IGNORED ? 0 : 1)));
  }

  /** All ids that were added. */
  written(): StoredIds {
    return this.ids.slice(0, this.length);
  }

  private put(more: ArrayLike<number>): void {
    if (this.length + more.length > this.ids.length) {
      const larger = storedIds(2 * Math.max(this.ids.length, this.length + more.length), this.idBytes);
      larger.set(this.ids.subarray(0, this.length));
      this.ids = larger;
    }
    // A loop is five times as fast here as `set`.
    for (let at = 0; at < more.length; at++) this.ids[this.length + at] = more[at]!;
    this.length += more.length;
  }
}

/**
 * An example of the ids that an `IdWriter` wrote. Its row is read again when its text is asked for; the text's fields
 * are its own, so that copies of the example have them.
 */
export function storedExample(fields: Uint32Array, ids: StoredIds, read: () => Example): TokenisedExample {
  const [source, target] = [fields[FIELD.source]!, fields[FIELD.target]!];
  const own = ids.subarray(source, source + target);
  const isMasked = fields[FIELD.masked] !== 0;
  const cut = { source: fields[FIELD.cutSource]!, target: fields[FIELD.cutTarget]!, at: fields[FIELD.cutAt]! };
  let known: Example | undefined;
  const text = (): Example => (known ??= read());
  return {
    ids: ids.subarray(0, source),
    labels: isMasked ? Int32Array.from(own, (id, at) => (ids[source + target + at] === 0 ? IGNORED : id)) : own,
    ...(isMasked && { targetIds: own }),
    ...((cut.source > 0 || cut.target > 0) && { cut }),
    get input() {
      return text().source;
    },
    get target() {
      return text().target;
    },
    get answers() {
      return text().answers;
    },
    get group() {
      return text().group;
    },
    get tests() {
      return text().tests;
    },
  };
}
