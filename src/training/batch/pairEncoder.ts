import type { TextTokenizer } from "../../backbone/tokenizer/tokenizer.ts";
import { told, type ExampleEncoder, type Lengths } from "./exampleEncoder.ts";

/**
 * The encoder of models that read a text and its target apart, such as T5: each has what the tokenizer adds, and is cut
 * on the right.
 */
export function pairEncoder(tokenizer: TextTokenizer, { maxSourceLength, maxTargetLength }: Lengths): ExampleEncoder {
  const spell = async (text: string, maxLength: number): Promise<{ ids: number[]; tokens: string[] }> => {
    const { ids, tokens } = await tokenizer.encode(text, { maxLength });
    return { ids, tokens: tokens.map((token) => token.replaceAll("▁", " ")) };
  };
  const encoder: ExampleEncoder = {
    encode: async (example) => {
      const source = await tokenizer.encodeWithin(example.source, maxSourceLength);
      const target = await tokenizer.encodeWithin(example.target, maxTargetLength);
      const cut = { source: source.beyond, target: target.beyond, at: source.ids.length };
      return {
        ...told(example),
        ids: source.ids,
        labels: target.ids,
        ...((cut.source > 0 || cut.target > 0) && { cut }),
      };
    },
    answer: (text) => tokenizer.encodeIds(text),
    spelled: async ({ source, target }) => {
      const own = await spell(source, maxSourceLength);
      const answer = await spell(target, maxTargetLength);
      return {
        ...own,
        cut: (await tokenizer.encodeIds(source)).length - own.ids.length,
        cutAt: own.ids.length,
        answer: answer.tokens.map((text) => ({ text, trained: true })),
        answerCut: (await tokenizer.encodeIds(target)).length - answer.ids.length,
      };
    },
    withShots: () => encoder,
  };
  return encoder;
}
