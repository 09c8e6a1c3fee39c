/** Something of the product that reads what others wrote. */
export interface Reader {
  name: string;
  /** Its inputs are JSON: they are changed as values too, not as bytes alone. */
  json?: boolean;
  /** Of a long run's inputs so many parts are its own. */
  weight?: number;
  /** Milliseconds of work that an input may take, where the reader has a limit of its own. */
  patience?: number;
  /**
   * Makes the checksums of a changed input right again, so that what they protect is read: of most inputs. One that it
   * cannot mend stays as it is.
   */
  mend?: (input: Buffer) => Buffer;
  /** Valid inputs that are changed. */
  corpus: () => readonly Buffer[];
  /**
   * Makes the reader ready. @param folder of its own, to be written to
   * @returns reads one input: returns where it is accepted, throws a refusal, or anything else, which is a finding
   */
  open: (folder: string) => Promise<(input: Buffer) => unknown> | ((input: Buffer) => unknown);
}

/** What was read breaks a promise of the reader. */
export class Broken extends Error {
  override readonly name = "Broken";
}

/** @throws Broken where a reader's promise does not hold */
export function holds(promise: boolean, what: string): asserts promise {
  if (!promise) throw new Broken(what);
}

/** Texts as buffers. */
export const texts = (...all: readonly (string | object)[]): Buffer[] =>
  all.map((each) => Buffer.from(typeof each === "string" ? each : JSON.stringify(each)));
