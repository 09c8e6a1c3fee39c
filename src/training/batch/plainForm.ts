import type { TextTokenizer } from "../../backbone/tokenizer/tokenizer.ts";
import type { Example } from "../../task/example.ts";
import type { AnswerEnds } from "./conversationTokens.ts";
import type { JoinedForm } from "./joinedEncoder.ts";

/** What the tokenizer adds before and after a text, in tokens. */
async function addedBy(tokenizer: TextTokenizer): Promise<{ lead: number; trail: number }> {
  const { specialMask } = await tokenizer.encode("a");
  return { lead: specialMask.indexOf(0), trail: specialMask.length - 1 - specialMask.lastIndexOf(0) };
}

const solved = ({ source, target }: Example): string => `${source} ${target}`;

/**
 * The plain form: the input with the token that the tokenizer puts before a text, then a space, the answer and the end
 * token. Solved examples stand before it, a blank line after each.
 */
export function plainForm(tokenizer: TextTokenizer, { own }: AnswerEnds): JoinedForm {
  let added: ReturnType<typeof addedBy> | undefined;
  const answer = async (text: string): Promise<number[]> => [
    ...(await tokenizer.encodeIds(` ${text}`, { addSpecial: false })),
    own,
  ];
  return {
    answer,
    join: async (example, shots) => {
      const { lead, trail } = await (added ??= addedBy(tokenizer));
      const whole = await tokenizer.encodeIds([...shots.map(solved), example.source].join("\n\n"));
      const ids = whole.slice(0, whole.length - trail);
      return {
        ids,
        answer: await answer(example.target),
        trained: () => true,
        cuttable: () => Promise.resolve({ span: [lead, ids.length], lead }),
      };
    },
  };
}
