import { splitWords } from "./pythonText.ts";

const PUNCTUATION = /[!-/:-@[-`{-~]/g;
/** Articles between Python's word boundaries (\b), which know letters of every script. */
const ARTICLE = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;

/** SQuAD's normal form of an answer: lower case, no ASCII punctuation, no articles, single spaces. */
export const normaliseAnswer = (text: string): string =>
  splitWords(text.toLowerCase().replace(PUNCTUATION, "").replace(ARTICLE, " ")).join(" ");

function wordF1(prediction: string[], answer: string[]): number {
  const left = new Map<string, number>();
  for (const word of answer) left.set(word, (left.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of prediction) {
    const count = left.get(word) ?? 0;
    if (count > 0) {
      common++;
      left.set(word, count - 1);
    }
  }
  return common === 0 ? 0 : (2 * common) / (prediction.length + answer.length);
}

/**
 * Exact match and word F1 of a prediction, each the maximum over the answers (0..1).
 * @returns `f1` as in SQuAD v1.1 (two empty texts: 0), `f1v2` as in SQuAD 2.0 (two empty texts: 1)
 */
export function matchAnswers(prediction: string, answers: readonly string[]): { em: number; f1: number; f1v2: number } {
  const own = normaliseAnswer(prediction);
  const words = splitWords(own);
  const best = { em: 0, f1: 0, f1v2: 0 };
  for (const answer of answers.map(normaliseAnswer)) {
    const f1 = wordF1(words, splitWords(answer));
    best.em = Math.max(best.em, Number(own === answer));
    best.f1 = Math.max(best.f1, f1);
    best.f1v2 = Math.max(best.f1v2, own === "" && answer === "" ? 1 : f1);
  }
  return best;
}
