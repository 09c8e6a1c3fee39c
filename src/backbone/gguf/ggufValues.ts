import { phrase, type Phrase } from "../../base/phrase.ts";
import { malformed, tooMuch, truncated } from "./ggufErrors.ts";
import type { GgufValue } from "./ggufMetadata.ts";
import type { GgufWindow } from "./ggufWindow.ts";

/** The most keys; models have some dozens. */
const MOST_KEYS = 65_536;
/** The most values of all arrays together: large vocabularies have a million, in three arrays. */
const MOST_VALUES = 8 * 1024 * 1024;
/** The longest key in bytes (of the format), and the longest string. */
const LONGEST_KEY = 65_535;
const LONGEST_TEXT = 16 * 1024 * 1024;
/** The fewest bytes of a key with its value: two lengths, the type. */
const LEAST_BYTES = 13;

const BOOLEAN = 7;
const STRING = 8;
const ARRAY = 9;
const HIGH = 2 ** 32;

/** How a number is stored: its bytes, and how it is read. */
interface Stored {
  bytes: number;
  read: (view: DataView, at: number) => number;
}

/** The stored forms of numbers and booleans by the number of their type in a file (enum gguf_metadata_value_type). */
const STORED: ReadonlyMap<number, Stored> = new Map([
  [0, { bytes: 1, read: (view, at) => view.getUint8(at) }],
  [1, { bytes: 1, read: (view, at) => view.getInt8(at) }],
  [2, { bytes: 2, read: (view, at) => view.getUint16(at, true) }],
  [3, { bytes: 2, read: (view, at) => view.getInt16(at, true) }],
  [4, { bytes: 4, read: (view, at) => view.getUint32(at, true) }],
  [5, { bytes: 4, read: (view, at) => view.getInt32(at, true) }],
  [6, { bytes: 4, read: (view, at) => view.getFloat32(at, true) }],
  [BOOLEAN, { bytes: 1, read: (view, at) => view.getUint8(at) }],
  [10, { bytes: 8, read: (view, at) => view.getUint32(at + 4, true) * HIGH + view.getUint32(at, true) }],
  [11, { bytes: 8, read: (view, at) => view.getInt32(at + 4, true) * HIGH + view.getUint32(at, true) }],
  [12, { bytes: 8, read: (view, at) => view.getFloat64(at, true) }],
]);
/** The types of 64-bit integers, not all of which are numbers here. */
const LONG = new Set([10, 11]);

/** Reads the values of the keys of one file. */
class Values {
  private valuesLeft = MOST_VALUES;

  constructor(private readonly window: GgufWindow) {}

  value(key: string): GgufValue {
    const what = phrase`the value of "${key}"`;
    const type = this.window.u32(what);
    if (type === STRING) return this.window.text(LONGEST_TEXT, what);
    if (type === ARRAY) return this.array(what);
    const number = this.numbers(type, 1, what)[0]!;
    return type === BOOLEAN ? number === 1 : number;
  }

  private array(what: Phrase): GgufValue {
    const type = this.window.u32(what);
    const count = this.window.u64(what);
    if (type === ARRAY) throw malformed(this.window.path, phrase`${what} is an array of arrays`);
    const least = type === STRING ? 8 : this.storedAs(type, what).bytes;
    if (count * least > this.window.left) throw truncated(this.window.path, what);
    this.valuesLeft -= count;
    if (this.valuesLeft < 0)
      throw tooMuch(this.window.path, phrase`the arrays of its metadata have more than ${MOST_VALUES} values`);
    if (type !== STRING) return this.numbers(type, count, what);
    const texts: string[] = [];
    for (let i = 0; i < count; i++) texts.push(this.window.text(LONGEST_TEXT, what));
    return texts;
  }

  private storedAs(type: number, what: Phrase): Stored {
    const stored = STORED.get(type);
    if (stored === undefined) throw malformed(this.window.path, phrase`${what} has the unknown type ${type}`);
    return stored;
  }

  private numbers(type: number, count: number, what: Phrase): Float64Array {
    const { bytes, read } = this.storedAs(type, what);
    const view = this.window.numbers(count * bytes, what);
    const numbers = new Float64Array(count);
    for (let i = 0; i < count; i++) numbers[i] = read(view, i * bytes);
    if (LONG.has(type) && !numbers.every(Number.isSafeInteger))
      throw malformed(this.window.path, phrase`${what} has an integer beyond 2^53`);
    if (type === BOOLEAN && numbers.some((number) => number > 1))
      throw malformed(this.window.path, phrase`${what} has a boolean that is neither 0 nor 1`);
    return numbers;
  }
}

/**
 * Reads keys and values of a file's metadata, which follow each other.
 * @throws UserError where they are malformed or too many, or a key is there twice
 */
export function readValues(window: GgufWindow, count: number): Map<string, GgufValue> {
  const what = phrase`the metadata`;
  if (count * LEAST_BYTES > window.left) throw truncated(window.path, what);
  if (count > MOST_KEYS) throw tooMuch(window.path, phrase`its metadata have ${count} keys`);
  const values = new Values(window);
  const found = new Map<string, GgufValue>();
  for (let i = 0; i < count; i++) {
    const key = window.text(LONGEST_KEY, what);
    if (found.has(key)) throw malformed(window.path, phrase`the key "${key}" is there twice`);
    found.set(key, values.value(key));
  }
  return found;
}
