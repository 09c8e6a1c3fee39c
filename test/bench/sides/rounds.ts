import type { Answer, Asked } from "./side.ts";

/** Whoever answers. */
interface Asks {
  ask(asked: Asked): Promise<Answer>;
}

/** Times in milliseconds. */
export const times = (answers: readonly Answer[]): number[] => answers.map(({ milliseconds }) => milliseconds);

/**
 * Asks every side the same in each round, in turn, every second round backwards; what it asks may depend on the round.
 * @returns what each side answered in each round
 * @param warmUp rounds that are not kept
 */
export async function inTurn<S extends Asks>(
  sides: readonly S[],
  asked: (round: number) => Asked,
  { rounds, warmUp = 1 }: { rounds: number; warmUp?: number },
): Promise<Map<S, Answer[]>> {
  const kept = new Map<S, Answer[]>(sides.map((side) => [side, []]));
  for (let round = -warmUp; round < rounds; round++)
    for (const side of Math.abs(round) % 2 === 0 ? sides : [...sides].reverse()) {
      const answer = await side.ask(asked(Math.max(0, round)));
      if (round >= 0) kept.get(side)!.push(answer);
    }
  return kept;
}
