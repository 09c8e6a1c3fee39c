import type { Example } from "../../task/example.ts";
import type { TokenisedExample } from "./tokenisedExample.ts";

/** The longest input and the longest answer, in tokens. */
export interface Lengths {
  maxSourceLength: number;
  maxTargetLength: number;
}

/** An example with the text of each of its tokens. */
export interface SpelledExample {
  ids: ArrayLike<number>;
  /** The texts of `ids`; a space where a token begins a word. */
  tokens: string[];
  /** Tokens of the input that were cut away, and how many of the others stand before that place. */
  cut: number;
  cutAt: number;
  /** The tokens after the input, and which of them are trained. */
  answer: { text: string; trained: boolean }[];
  /** Tokens that were cut off the end of the answer. */
  answerCut: number;
}

/** How a backbone reads examples: makes tokens of them, each token as a model of that kind gets it in training. */
export interface ExampleEncoder {
  /** @throws UserError naming the row where an example has no such form */
  encode(example: Example): Promise<TokenisedExample>;
  /** The tokens of an answer alone, uncut, its end token included: a label to choose among. */
  answer(text: string): Promise<ArrayLike<number>>;
  /** Like `encode`, for showing. */
  spelled(example: Example): Promise<SpelledExample>;
  /** The same encoder with these solved examples before each question. */
  withShots(shots: readonly Example[]): ExampleEncoder;
}

/**
 * Examples that are encoded at the same time: the promises of all at once would take more memory than their tokens, and
 * a stop would not be heard for as long.
 */
const TOGETHER = 64;

/**
 * Tokenises examples, in the order given.
 * @param check called now and then; it may throw to end this
 */
export async function encodeAll(
  examples: readonly Example[],
  encoder: ExampleEncoder,
  check: () => void = () => undefined,
): Promise<TokenisedExample[]> {
  const encoded: TokenisedExample[] = [];
  for (let from = 0; from < examples.length; from += TOGETHER) {
    // A turn of the loop, in which a signal can be heard.
    await new Promise(setImmediate);
    check();
    const some = examples.slice(from, from + TOGETHER);
    encoded.push(...(await Promise.all(some.map((example) => encoder.encode(example)))));
  }
  return encoded;
}

/** The fields of an example that its tokens do not change. */
export const told = ({
  source,
  target,
  answers,
  group,
  tests,
}: Example): Pick<TokenisedExample, "input" | "target" | "answers" | "group" | "tests"> => ({
  input: source,
  target,
  answers,
  group,
  tests,
});
