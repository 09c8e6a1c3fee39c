import type { ChatMessage } from "../../base/chatMessage.ts";
import { UserError } from "../../base/errors.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";
import type { TextTokenizer } from "../../backbone/tokenizer/tokenizer.ts";

/** A conversation to tokenise. */
export interface Turns {
  messages: readonly ChatMessage[];
  /** The indices of the answers that are trained, ascending; the last one is the last turn. */
  trained: readonly number[];
  /** Writes the first turns as text. */
  render: (turns: number, addGenerationPrompt: boolean) => string;
  /** The file and line, and the number of turns before the row's own, for messages. */
  place: { row: string; before: number };
}

/** What ends an answer: every token at which generation ends, and the one that is added where a template gives none. */
export interface AnswerEnds {
  all: ReadonlySet<number>;
  own: number;
}

/** Token ids of a conversation, and the ranges of them that are trained: one for each answer, in order. */
export interface TokenisedTurns {
  ids: number[];
  answers: { from: number; to: number }[];
}

/** The text of a conversation, and where in it each trained answer is: after its generation prompt. */
function answersIn({ messages, trained, render, place }: Turns): { text: string; spans: [number, number][] } {
  const text = render(messages.length, false);
  const spans = trained.map((turn): [number, number] => {
    const fail = (what: Phrase): never => {
      throw new UserError(
        "chat-template-rewrites-turns",
        phrase`${place.row}: turn ${turn + 1 - place.before}: ${what}`,
        phrase`Set task.trainOn to "last" if another answer follows it, or give a template of your own as prompt.template.`,
      );
    };
    const begin = render(turn, true);
    const end = turn === messages.length - 1 ? text : render(turn + 1, false);
    if (!text.startsWith(begin))
      fail(phrase`the chat template writes what precedes the answer in another way than when it asks for the answer`);
    if (!text.startsWith(end))
      fail(phrase`the chat template writes the answer in another way when other turns follow it`);
    if (end.length <= begin.length) fail(phrase`the chat template writes nothing for the answer`);
    return [begin.length, end.length];
  });
  return { text, spans };
}

const startsWith = (ids: readonly number[], head: readonly number[]): boolean =>
  head.length <= ids.length && head.every((id, at) => id === ids[at]);

/**
 * Tokenises a text so that a token ends at each of these places. The text is tokenised whole; where a token would
 * straddle a place, the parts on both sides are tokenised apart.
 * @returns the ids, the number of tokens before each place, and the first place where the text was parted
 */
async function tokensTo(
  text: string,
  places: readonly number[],
  tokenizer: TextTokenizer,
): Promise<{ ids: number[]; before: number[]; parted: number | undefined }> {
  const bare = (part: string): Promise<number[]> => tokenizer.encodeIds(part, { addSpecial: false });
  const ids: number[] = [];
  const before: number[] = [];
  let parted: number | undefined;
  let from = 0;
  let rest = await bare(text);
  for (const place of places) {
    const head = await bare(text.slice(from, place));
    before.push(ids.length + head.length);
    if (startsWith(rest, head)) continue;
    parted ??= place;
    ids.push(...head);
    from = place;
    rest = await bare(text.slice(from));
  }
  return { ids: [...ids, ...rest], before, parted };
}

/**
 * Tokenises a conversation and finds the tokens of its answers, each with the end token that the template puts after
 * it. White space that a template puts after the end token is never generated, so it is not trained.
 * @throws UserError naming row and turn where the template does not write an answer after its own prompt, or the
 * tokenizer cannot part the two
 */
export async function conversationTokens(
  turns: Turns,
  tokenizer: TextTokenizer,
  ends: AnswerEnds,
): Promise<TokenisedTurns> {
  const { text, spans } = answersIn(turns);
  const { ids, before, parted } = await tokensTo(text, spans.flat(), tokenizer);
  if (parted !== undefined) {
    const whole = await tokenizer.encodeIds(text, { addSpecial: false });
    if ((await tokenizer.decode(whole, false)) !== (await tokenizer.decode(ids, false))) {
      const turn = turns.trained[spans.findIndex((span) => span.includes(parted))]!;
      throw new UserError(
        "chat-tokens-straddle-turns",
        phrase`${turns.place.row}: turn ${turn + 1 - turns.place.before}: a token belongs both to the answer and to what is beside it ("${text.slice(Math.max(0, parted - 20), parted)}" and "${text.slice(parted, parted + 20)}")`,
        phrase`Give a template of your own as prompt.template, with a special token or a line break between turn and answer.`,
      );
    }
  }
  const answers = spans.map((_, at) => {
    const from = before[2 * at]!;
    const to = before[2 * at + 1]!;
    const end = ids.slice(from, to).findLastIndex((id) => ends.all.has(id));
    if (end >= 0) return { from, to: from + end + 1 };
    // Some templates write the end of a turn as the beginning of the next one.
    return { from, to: to < ids.length && ends.all.has(ids[to]!) ? to + 1 : to };
  });
  const last = answers.at(-1)!;
  const kept = ids.slice(0, last.to);
  if (ends.all.has(kept.at(-1)!)) return { ids: kept, answers };
  last.to++;
  return { ids: [...kept, ends.own], answers };
}
