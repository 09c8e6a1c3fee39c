import type { Case } from "../subject/outcomes.ts";

/** The tests with the layout of the input that each one uses. */
export const SHIFT_KINDS = { T1: "reindex", T2: "attached", T3: "window", T4: "prefix" } as const;
/** The shifts k, in places. */
export const SHIFTS = [1, 2, 4, 8, 16];

/**
 * The cases of the position-shift analysis: the tests T1 to T4, each at every shift.
 * @param filler token ids of neutral text, repeated where a shift is longer
 */
export function shiftCases(filler: readonly number[]): (Case & { test: keyof typeof SHIFT_KINDS; k: number })[] {
  return (Object.keys(SHIFT_KINDS) as (keyof typeof SHIFT_KINDS)[]).flatMap((test) =>
    SHIFTS.map((k) => ({
      test,
      k,
      label: `${test} k=${k}`,
      group: test,
      alter: {
        layout: SHIFT_KINDS[test],
        shift: k,
        filler: filler.length === 0 ? [] : Array.from({ length: k }, (_, i) => filler[i % filler.length]!),
      },
    })),
  );
}
