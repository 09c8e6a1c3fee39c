import { findMethod } from "../../method/registry.ts";
import { drawOf } from "../compare/drawOf.ts";
import { doubleDifferences } from "../shift/differenceInDifferences.ts";
import { seedInterval } from "../statistics/seedInterval.ts";
import type { Block } from "./blocks.ts";
import { exponential, foundOrNot, number } from "./format.ts";
import type { PositionShift } from "../../protocol/results/positionShift.ts";
import type { ReportedRun, SeedGroup } from "./reportedRun.ts";

const shiftOf = (run: ReportedRun): PositionShift | undefined => run.analyses["position-shift"];
const small = (x: number): string => (x === 0 ? "0 exactly" : exponential(x));

/** The labels of all shifts that some run has, by test and number of places. */
function labelsOf(shifts: readonly PositionShift[]): string[] {
  const all = new Map(shifts.flatMap(({ cases }) => cases.map((each) => [each.label, each] as const)));
  return [...all.values()]
    .sort((a, b) => (a.test === b.test ? a.k - b.k : a.test.localeCompare(b.test, "en")))
    .map(({ label }) => label);
}

/** The table of the properties T0, T5 and T6 of each group: the largest value over its seeds. */
function properties(groups: readonly { label: string; shifts: PositionShift[] }[]): Block {
  const rows = groups.map(({ label, shifts }) => {
    const most = (value: (each: PositionShift["properties"]) => number): string =>
      small(Math.max(...shifts.map((each) => value(each.properties))));
    return [
      label,
      number(Math.max(...shifts.map((each) => each.properties.largest)), 2),
      most((p) => p.acrossPlaces),
      most((p) => p.acrossTokens),
      most((p) => p.withinType),
      most((p) => p.promptChange),
      most((p) => p.padding),
      most((p) => p.padValue),
    ];
  });
  return {
    kind: "table",
    caption: "What must hold exactly, on the method's own graph: largest absolute difference over seeds",
    header: [
      "",
      "largest offset",
      "T0: one token at other places",
      "T0: other tokens at one place",
      "T6: variance of a repeated token's offset",
      "prompt rows against the trained",
      "T5: padding (relative)",
      "T5: value of masked places (relative)",
    ],
    rows,
  };
}

/** The table of each shift's effects, as means over seeds. */
function effects(groups: readonly { label: string; shifts: PositionShift[] }[]): Block {
  const labels = labelsOf(groups.flatMap(({ shifts }) => shifts));
  const rows = groups.flatMap(({ label: group, shifts }) =>
    labels.flatMap((label) => {
      const own = shifts.flatMap(({ cases }) => cases.filter((each) => each.label === label));
      const mean = (value: (each: PositionShift["cases"][number]) => number): number =>
        seedInterval(own.map(value)).mean;
      if (own.length === 0) return [];
      const { mean: difference, interval } = seedInterval(own.map(({ versus }) => versus.right.difference));
      return [
        [
          group,
          label,
          own[0]!.offsetChange === undefined ? "n/a" : number(mean(({ offsetChange }) => offsetChange ?? 0)),
          number(mean(({ encoderChange }) => encoderChange)),
          number(
            mean(({ kl }) => kl),
            5,
          ),
          number(
            mean(({ maxLogit }) => maxLogit),
            2,
          ),
          `${number(100 * mean(({ versus }) => versus.flips), 1)} %`,
          foundOrNot(difference, interval),
        ],
      ];
    }),
  );
  return {
    kind: "table",
    caption:
      "Text shifted by k places (T1 table rows alone, T2 prompt and text, T3 text in its window, T4 after k tokens of filler): means over seeds; the share right against unshifted in points with its 95 % t-interval",
    header: [
      "",
      "shift",
      "offset change",
      "change of states",
      "KL (nats)",
      "largest logit change",
      "predictions changed",
      "right",
    ],
    rows,
  };
}

/** The table of differences in differences, paired by seed, with the group of prompt tuning as the control. */
function control(groups: readonly SeedGroup[]): Block[] {
  const pt = groups.find(
    ({ kind, runs }) => findMethod(kind)?.isShiftControl === true && runs.some((run) => shiftOf(run) !== undefined),
  );
  if (pt === undefined) return [];
  const rows = groups
    .filter((group) => group !== pt)
    .flatMap((group) => {
      const pairs = group.runs.flatMap((run) => {
        const other = pt.runs.find(({ experiment }) => drawOf(experiment) === drawOf(run.experiment));
        const [method, base] = [shiftOf(run), other && shiftOf(other)];
        return method === undefined || base === undefined ? [] : [{ method, control: base }];
      });
      return doubleDifferences(pairs).map(({ label, seeds, examples }) => [
        `${group.label} − ${pt.label}`,
        label,
        foundOrNot(seeds.mean, seeds.interval),
        foundOrNot(examples.difference, examples.interval),
        String(examples.n),
        String(seeds.n),
      ]);
    });
  return rows.length === 0
    ? []
    : [
        {
          kind: "table",
          caption:
            "Difference in differences: the method's change in share right under the shift minus prompt tuning's, points; 95 % t-interval over seeds, and bootstrap over examples of the mean over seeds",
          header: ["", "shift", "over seeds", "over examples", "n", "seeds"],
          rows,
        },
      ];
}

/** What the tests mean for a backbone that reads text and answer as one sequence; for the others, nothing. */
export const causalShiftNote = (shifts: readonly PositionShift[]): Block[] =>
  shifts.some(({ isCausal }) => isCausal === true)
    ? [
        {
          kind: "text",
          text: "In a decoder-only model T2 leaves k positions out before the prompt and T3 between prompt and text. Rotary positions know distances alone, so T2 must change nothing of ADePT there; answers move with their text.",
        },
      ]
    : [];

/** The section of the position-shift analysis over seeds; empty where no run has one. */
export function shiftSection(groups: readonly SeedGroup[]): Block[] {
  const shifted = groups
    .map(({ label, runs }) => ({ label, shifts: runs.flatMap((run) => shiftOf(run) ?? []) }))
    .filter(({ shifts }) => shifts.length > 0);
  return shifted.length === 0
    ? []
    : [
        { kind: "heading", level: 3, text: "Position shift across seeds" },
        properties(shifted),
        effects(shifted),
        ...causalShiftNote(shifted.flatMap(({ shifts }) => shifts)),
        ...control(groups),
      ];
}
