import type { Random } from "./random.ts";

/** A part of the product that reads files or messages that other people may have written. */
export interface Reader {
  name: string;
  /** Whether its inputs are JSON, which is then changed as values and not only as bytes. */
  json?: boolean;
  /** Its weight in the division of a long run's inputs among readers. */
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
  /** Makes an input of its format, whole or nearly: for half of the inputs, where it is given. */
  make?: (random: Random) => Buffer;
  /**
   * Makes the reader ready. @param folder of its own, to be written to
   * @returns reads one input: returns where it is accepted, throws a refusal, or anything else, which is a finding
   */
  open: (folder: string) => Promise<(input: Buffer) => unknown> | ((input: Buffer) => unknown);
}

/** Thrown when a result breaks a promise of the reader. */
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
