import { phrase, type Phrase } from "../../base/phrase.ts";
import { embeddedTokens, type ExampleList } from "./exampleList.ts";

/**
 * How many examples are longer than the texts that the backbone was made for.
 * @param model longest: its limit in tokens, undefined where none is known; prompt: tokens before each text
 */
export function longestNotes(
  examples: ExampleList,
  { longest = Infinity, prompt, isCausal }: { longest: number | undefined; prompt: number; isCausal: boolean },
): Phrase[] {
  let beyond = 0;
  for (let at = 0; at < examples.length; at++) if (prompt + embeddedTokens(examples, at, isCausal) > longest) beyond++;
  if (beyond === 0) return [];
  return [
    phrase`${beyond} of ${examples.length} examples are longer, with the prompt and the answer, than the ${longest} tokens that the backbone was made for: its answers are worse beyond`,
  ];
}
