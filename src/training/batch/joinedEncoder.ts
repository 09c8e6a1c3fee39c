import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { answerEnd, endTokens } from "../../backbone/generationConfig.ts";
import type { TextTokenizer } from "../../backbone/tokenizer/tokenizer.ts";
import type { Example } from "../../task/example.ts";
import { inRanges, keptRanges } from "./cutTokens.ts";
import type { AnswerEnds } from "./conversationTokens.ts";
import { told, type ExampleEncoder, type Lengths } from "./exampleEncoder.ts";
import type { TokenisedExample } from "./tokenisedExample.ts";

/** A label that has no loss. */
const IGNORED = -100;

/** An example as one sequence of tokens, uncut. */
export interface Joined {
  /** What is read before the first trained token. */
  ids: readonly number[];
  /** The rest. */
  answer: readonly number[];
  /** Whether each token of `answer` is trained. */
  trained: (at: number) => boolean;
  /** The tokens of `ids` whose middle is cut where they are too many, and the number at the beginning that stay. */
  cuttable: () => Promise<{ span: readonly [number, number]; lead: number }>;
}

/** A form in which examples are written as one sequence of tokens. */
export interface JoinedForm {
  /** @param shots solved examples that stand before */
  join(example: Example, shots: readonly Example[]): Promise<Joined>;
  /** The tokens of an answer, its end token included. */
  answer(text: string): Promise<number[]>;
}

/**
 * The tokens at which answers end.
 * @throws UserError where the folder names none
 */
export function endsOf(folder: string, tokenizer: TextTokenizer): AnswerEnds {
  const own = answerEnd(folder, tokenizer);
  if (own === undefined)
    throw new UserError(
      "end-token-missing",
      phrase`${folder} names no end token: neither "eos_token" in tokenizer_config.json nor "eos_token_id" in config.json`,
      phrase`Write "eos_token" into tokenizer_config.json, or download the model again.`,
    );
  return { own, all: new Set(endTokens(folder)) };
}

/** Cuts what is longer than the lengths; an answer loses its end, so that its end token is not trained. */
async function cutTo(
  { maxSourceLength, maxTargetLength }: Lengths,
  example: Example,
  { ids, answer, trained, cuttable }: Joined,
): Promise<TokenisedExample> {
  const kept = answer.slice(0, maxTargetLength);
  const labels = kept.map((id, at) => (trained(at) ? id : IGNORED));
  const length = labels.findLastIndex((id) => id !== IGNORED) + 1;
  const isLong = ids.length > maxSourceLength;
  const ranges = isLong ? keptRanges(ids.length, maxSourceLength, await cuttable()) : [];
  const input = isLong ? inRanges(ids, ranges) : ids;
  const cut = { source: ids.length - input.length, target: answer.length - kept.length, at: ranges[0]?.[1] ?? 0 };
  return {
    ...told(example),
    ids: input,
    labels: labels.slice(0, length),
    ...(labels.includes(IGNORED) && { targetIds: kept.slice(0, length) }),
    ...((cut.source > 0 || cut.target > 0) && { cut }),
  };
}

/** The encoder of models that read text and answer as one sequence, in a form. */
export function joinedEncoder(
  form: JoinedForm,
  tokenizer: TextTokenizer,
  lengths: Lengths,
  shots: readonly Example[] = [],
): ExampleEncoder {
  /** The example after as many of the shots as fit before it, at least after none. */
  const joined = async (example: Example): Promise<Joined> => {
    for (let left = 0; ; left++) {
      const found = await form.join(example, shots.slice(left));
      if (left >= shots.length || found.ids.length <= lengths.maxSourceLength) return found;
    }
  };
  const encode = async (example: Example): Promise<TokenisedExample> => cutTo(lengths, example, await joined(example));
  return {
    encode,
    answer: (text) => form.answer(text),
    spelled: async (example) => {
      const { ids, labels, targetIds = labels, cut } = await encode(example);
      return {
        ids,
        tokens: Array.from(ids, (id) => tokenizer.piece(id)),
        cut: cut?.source ?? 0,
        cutAt: cut?.at ?? 0,
        answer: Array.from(targetIds, (id, at) => ({ text: tokenizer.piece(id), trained: labels[at] !== IGNORED })),
        answerCut: cut?.target ?? 0,
      };
    },
    withShots: (more) => joinedEncoder(form, tokenizer, lengths, more),
  };
}
