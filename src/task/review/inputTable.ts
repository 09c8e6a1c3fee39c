import type { SplitName } from "../splitNames.ts";
import { GrowingWords } from "./growingWords.ts";
import { looseHash } from "./looseHash.ts";
import { textHash, type TextHash } from "../counts/textHash.ts";

/** Words of an example: two of its input as written, two of it in loose form, one of its target. */
const WORDS = 5;
/** Where the words of each form begin. */
const FORMS = { exact: 0, loose: 2 } as const;
type Form = keyof typeof FORMS;
const TARGET = 4;

/** Hashes of the inputs of a split: 20 bytes an example, whatever its length. */
export class InputTable {
  private readonly words: GrowingWords;

  constructor(words: Uint32Array<ArrayBuffer> = new Uint32Array(0)) {
    this.words = new GrowingWords(words);
  }

  get length(): number {
    return this.words.length / WORDS;
  }

  add(source: string, target: string): void {
    const exact = textHash(source);
    this.put(exact);
    // A text of marks alone has no loose form, and is only equal to itself.
    this.put(looseHash(source) ?? exact);
    this.words.push(textHash(target).low);
  }

  private put({ low, high }: TextHash): void {
    this.words.push(low);
    this.words.push(high);
  }

  join(more: InputTable): void {
    this.words.append(more.state());
  }

  low(example: number, form: Form): number {
    return this.words.at(example * WORDS + FORMS[form]);
  }

  high(example: number, form: Form): number {
    return this.words.at(example * WORDS + FORMS[form] + 1);
  }

  target(example: number): number {
    return this.words.at(example * WORDS + TARGET);
  }

  state(): Uint32Array<ArrayBuffer> {
    return this.words.words();
  }
}

/** The tables of the splits. */
export type InputTables = Readonly<Record<SplitName, InputTable>>;

/** Finds examples by their input: a hash table over an `InputTable`. */
export class InputIndex {
  /** The example at each place, plus 1; 0 where there is none. */
  private readonly slots: Uint32Array;
  private readonly mask: number;

  /** @param found is told of every example whose input is that of an earlier one */
  constructor(
    private readonly table: InputTable,
    private readonly form: Form,
    found: (example: number, earlier: number) => void = () => undefined,
  ) {
    this.slots = new Uint32Array(2 ** Math.ceil(Math.log2(2 * table.length + 2)));
    this.mask = this.slots.length - 1;
    for (let example = 0; example < table.length; example++) {
      const slot = this.slotOf(table, example);
      const earlier = this.slots[slot]!;
      if (earlier === 0) this.slots[slot] = example + 1;
      else found(example, earlier - 1);
    }
  }

  /** The first example with this input; undefined where there is none. */
  first(table: InputTable, example: number): number | undefined {
    const found = this.slots[this.slotOf(table, example)]!;
    return found === 0 ? undefined : found - 1;
  }

  /** The slot of the first example with this input, or the free one where it belongs. */
  private slotOf(table: InputTable, example: number): number {
    const low = table.low(example, this.form);
    const high = table.high(example, this.form);
    let slot = low & this.mask;
    for (;;) {
      const kept = this.slots[slot]!;
      if (kept === 0) return slot;
      if (this.table.low(kept - 1, this.form) === low && this.table.high(kept - 1, this.form) === high) return slot;
      slot = (slot + 1) & this.mask;
    }
  }
}
