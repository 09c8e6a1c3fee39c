import type { Answer, Asked, Side } from "./side.ts";

/** What a side answered in each round, the warm-up left out. */
export type Rounds = Map<Side, Answer[]>;

/** Times in milliseconds. */
export const times = (answers: readonly Answer[]): number[] => answers.map(({ milliseconds }) => milliseconds);

/**
 * Asks every side the same in each round, in turn, every second round backwards; what it asks may depend on the round.
 * @param warmUp rounds that are not kept
 */
export async function inTurn(
  sides: readonly Side[],
  asked: (round: number) => Asked,
  { rounds, warmUp = 1 }: { rounds: number; warmUp?: number },
): Promise<Rounds> {
  const kept: Rounds = new Map(sides.map((side) => [side, []]));
  for (let round = -warmUp; round < rounds; round++)
    for (const side of Math.abs(round) % 2 === 0 ? sides : [...sides].reverse()) {
      const answer = await side.ask(asked(Math.max(0, round)));
      if (round >= 0) kept.get(side)!.push(answer);
    }
  return kept;
}
