import { phrase } from "../../src/base/phrase.ts";
import { UserError } from "../../src/base/errors.ts";
import type { EncodedTexts, OpenedRun, TokenDetails } from "../../src/protocol/heatmapQuestions.ts";

/** What a run has now: its stamp, and what its offsets' norms are multiplied by; undefined: no offsets. */
export interface StubRun {
  stamp: string;
  factor: number;
}

/** A token worker that takes words for tokens: a word's norm is its length, times the run's factor. */
export class StubTokens {
  readonly runs = new Map<string, StubRun>();
  asked: string[][] = [];

  open(path: string): Promise<OpenedRun> {
    const run = this.runs.get(path);
    if (run === undefined)
      return Promise.reject(new UserError("run-without-offsets", phrase`The run has no offsets yet`));
    return Promise.resolve({
      measures: { norm: { low: 0, high: 10 * run.factor, signed: false }, cosine: { low: -1, high: 1, signed: true } },
      maxSourceLength: 256,
      added: 1,
      lead: 0,
      cut: "end" as const,
      vocabulary: 100,
      stamp: run.stamp,
    });
  }

  encode({ run, texts }: { run: string; texts: readonly string[] }): Promise<EncodedTexts> {
    this.asked.push([...texts]);
    const { stamp, factor } = this.runs.get(run)!;
    return Promise.resolve({
      stamp,
      rows: texts.map((text) => {
        const words = [...text.matchAll(/\S+/g)];
        return {
          ids: words.map(({ 0: word }) => word.length),
          spans: words.flatMap(({ 0: word, index }) => [index, index + word.length]),
          values: words.map(({ 0: word }) => factor * word.length),
        };
      }),
    });
  }

  token(run: string, id: number): Promise<TokenDetails> {
    return Promise.resolve({
      id,
      text: " word",
      vocabulary: 100,
      before: [],
      after: [],
      stamp: this.runs.get(run)!.stamp,
    });
  }
}
