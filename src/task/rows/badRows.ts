import { UserError, type ErrorData } from "../../base/errors.ts";
import { listed, phrase, type Phrase, type PhraseValue } from "../../base/phrase.ts";

/** What is wrong with the file as a whole, or with a template, where it is wrong with every row. */
const OF_ALL = ["row-field-missing", "row-not-json", "row-not-object"];
/** The number of bad rows that a message shows. */
const SHOWN = 5;

/** Takes what is wrong with the row of a line, and goes on; or throws it. */
export type Refuse = (error: UserError, line: number) => void;

/** Ends the reading at the first row that is wrong. */
export const refuseAll: Refuse = (error) => {
  throw error;
};

const told = (action: Phrase | undefined, skip: Phrase): Phrase =>
  action === undefined ? skip : phrase`${action} ${skip}`;

/** Bad rows as they travel between threads: how many, and the first of them. */
export interface SentBadRows {
  count: number;
  shown: { error: ErrorData; line: number }[];
}

/** The rows of a file that cannot be used: how many, and why the first of them. */
export class BadRows {
  private count = 0;
  /** The bad rows that come first in the file, in order. */
  private shown: { error: UserError; line: number }[] = [];

  /** The number of bad rows. */
  get length(): number {
    return this.count;
  }

  readonly add: Refuse = (error, line) => {
    this.count++;
    this.show([{ error, line }]);
  };

  /**
   * Runs the work of one row.
   * @returns its result; undefined where it throws a UserError, which is counted
   */
  attempt<T>(line: number, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.add(error, line);
      return undefined;
    }
  }

  /** Adds the bad rows of another reading of the same file. */
  join({ count, shown }: BadRows): void {
    this.count += count;
    this.show(shown);
  }

  /** These bad rows, for another thread. */
  get sent(): SentBadRows {
    return { count: this.count, shown: this.shown.map(({ error, line }) => ({ error: error.data, line })) };
  }

  /** Adds the bad rows that another thread has sent. */
  receive({ count, shown }: SentBadRows): void {
    this.count += count;
    this.show(shown.map(({ error, line }) => ({ error: UserError.of(error), line })));
  }

  private show(more: readonly { error: UserError; line: number }[]): void {
    const last = this.shown[SHOWN - 1]?.line ?? Infinity;
    if (more.some(({ line }) => line < last))
      this.shown = [...this.shown, ...more].sort((a, b) => a.line - b.line).slice(0, SHOWN);
  }

  private get first(): UserError[] {
    return this.shown.map(({ error }) => error);
  }

  /**
   * What is said where bad rows are not left out: of one its own error, of several all in one.
   * @param option what leaves them out
   */
  error(path: string, total: number, option: PhraseValue): UserError {
    const { first } = this;
    const [only] = first;
    const isAll = this.count === total;
    // Where every row is wrong in the same way, the file or the template is, and one line says it.
    if (isAll && (this.count === 1 || first.every(({ code }) => code === only!.code && OF_ALL.includes(code))))
      return only!;
    const skip = phrase`${option} leaves such rows out.`;
    if (this.count === 1) return only!.withAction(told(only!.actionPhrase, skip));
    const action = only?.actionPhrase;
    return new UserError(
      "rows-bad",
      phrase`${path}: ${this.count} of ${total} rows cannot be used:\n${this.listed()}`,
      isAll ? action : told(action, skip),
    );
  }

  /** What is said where they are left out. */
  note(path: string, total: number): Phrase {
    return phrase`${path}: ${this.count} of ${total} rows cannot be used and are left out:\n${this.listed()}`;
  }

  private listed(): Phrase {
    const { first } = this;
    const more = this.count - first.length;
    return listed([...first.map((each) => each.phrase), ...(more > 0 ? [phrase`and ${more} more`] : [])], "\n");
  }
}
