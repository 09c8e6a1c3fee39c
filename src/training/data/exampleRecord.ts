import type { Example } from "../../task/example.ts";
import type { TokenisedExample } from "../batch/tokenisedExample.ts";
import { told } from "../batch/exampleEncoder.ts";

/** The 32-bit numbers of an example in the index of a store, by name. */
export const FIELD = {
  source: 0,
  target: 1,
  /** Whether a mask of the target's tokens follows them. */
  masked: 2,
  cutSource: 3,
  cutTarget: 4,
  cutAt: 5,
  textBytes: 6,
  line: 7,
  /** A hash of the target's text, of 64 bits. */
  hashLow: 8,
  hashHigh: 9,
  /** Where the example's tokens and text begin; of 64 bits, since a file may be larger than 4 GB. */
  tokensLow: 10,
  tokensHigh: 11,
  textLow: 12,
  textHigh: 13,
} as const;
/** The number of them. */
export const FIELDS = 14;
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

/** The token ids of an example on disk: input, target, and where some target tokens are not trained, which are. */
export function writtenIds({ ids, labels, targetIds }: TokenisedExample): number[] {
  return targetIds === undefined
    ? [...Array.from(ids), ...Array.from(labels)]
    : [...Array.from(ids), ...Array.from(targetIds), ...Array.from(labels, (label) => (label === IGNORED ? 0 : 1))];
}

/** An example of the ids that `writtenIds` gave; its text is read when it is asked for. */
export class StoredExample implements TokenisedExample {
  private text: Example | undefined;
  readonly ids: StoredIds;
  readonly labels: ArrayLike<number>;
  readonly targetIds: StoredIds | undefined;
  readonly cut: TokenisedExample["cut"];

  constructor(
    fields: Uint32Array,
    ids: StoredIds,
    private readonly read: () => Example,
  ) {
    const [source, target] = [fields[FIELD.source]!, fields[FIELD.target]!];
    const own = ids.subarray(source, source + target);
    this.ids = ids.subarray(0, source);
    const isMasked = fields[FIELD.masked] !== 0;
    this.labels = isMasked ? Int32Array.from(own, (id, at) => (ids[source + target + at] === 0 ? IGNORED : id)) : own;
    this.targetIds = isMasked ? own : undefined;
    const cut = { source: fields[FIELD.cutSource]!, target: fields[FIELD.cutTarget]!, at: fields[FIELD.cutAt]! };
    this.cut = cut.source > 0 || cut.target > 0 ? cut : undefined;
  }

  /** The example as text. */
  get example(): Example {
    return (this.text ??= this.read());
  }
  get input(): string {
    return this.example.source;
  }
  get target(): string {
    return this.example.target;
  }
  get answers(): TokenisedExample["answers"] {
    return told(this.example).answers;
  }
  get group(): string | undefined {
    return this.example.group;
  }
  get tests(): TokenisedExample["tests"] {
    return this.example.tests;
  }
}
