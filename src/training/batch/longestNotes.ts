import { exampleTokens } from "../../backbone/batchRows.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";
import type { TokenisedExample } from "./tokenisedExample.ts";

/**
 * How many examples are longer than the texts that the backbone was made for.
 * @param model longest: its limit in tokens, undefined where none is known; prompt: tokens before each text
 */
export function longestNotes(
  examples: readonly TokenisedExample[],
  { longest = Infinity, prompt, isCausal }: { longest: number | undefined; prompt: number; isCausal: boolean },
): Phrase[] {
  const beyond = examples.filter((example) => prompt + exampleTokens(example, isCausal) > longest).length;
  if (beyond === 0) return [];
  return [
    phrase`${beyond} of ${examples.length} examples are longer, with the prompt and the answer, than the ${longest} tokens that the backbone was made for: its answers are worse beyond`,
  ];
}
