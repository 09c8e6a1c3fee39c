import { causalShiftNote } from "./shiftSection.ts";
import { flatten } from "../../base/keyPath.ts";
import { metricName, metricValue } from "../../record/metricText.ts";
import type { Block } from "./blocks.ts";
import { number, points, pValue } from "./format.ts";
import type { ReportedRun } from "./reportedRun.ts";
import type { Ablation } from "../../protocol/results/ablation.ts";
import type { PositionShift } from "../../protocol/results/positionShift.ts";
import type { Specificity } from "../../protocol/results/specificity.ts";
import type { NamedNeighbour, Offsets } from "../../protocol/results/offsets.ts";
import type { AlteredOutcome, Estimate } from "../../protocol/results/outcome.ts";

/**
 * A difference in percentage points: with its interval where one was found, otherwise with the size of a difference
 * that would be found about half the time.
 */
export function verdict({ difference, interval: [low, high], found, detectable }: Estimate): string {
  return found
    ? `${points(difference)} [${points(low)}, ${points(high)}]`
    : `no difference found (±${points(detectable)} could have been)`;
}
const named = ({ metrics }: { metrics: Record<string, number> }): string =>
  Object.entries(metrics)
    .map(([name, value]) => `${metricName(name)} ${metricValue(name, value)}`)
    .join(", ");
const HEADER = ["", "test", "loss", "right, points against as trained", "predictions changed", "McNemar p (Holm)"];
const altered = ({ label, versus, holmP, loss, ...rest }: AlteredOutcome): string[] => [
  label,
  named(rest),
  number(loss, 4),
  verdict(versus.right),
  `${points(versus.flips)} %`,
  pValue(holmP),
];

function casesTable(
  caption: string,
  full: { label: string; metrics: Record<string, number>; loss: number },
  cases: readonly AlteredOutcome[],
): Block[] {
  const n = cases[0]?.versus.n ?? 0;
  const title = `${caption} (n = ${n}; 95 % intervals by the paired bootstrap over examples)`;
  return [
    {
      kind: "table",
      caption: title,
      header: HEADER,
      rows: [[full.label, named(full), number(full.loss, 4), "", "", ""], ...cases.map(altered)],
    },
    {
      kind: "forest",
      caption: `${caption}: share right against as trained, percentage points`,
      rows: cases.map(({ label, versus: { right } }) => ({
        label,
        value: 100 * right.difference,
        low: 100 * right.interval[0],
        high: 100 * right.interval[1],
      })),
    },
  ];
}

/** The three nearest words without the token itself. */
const words = (list: readonly NamedNeighbour[], own: number): string =>
  list
    .filter(({ id }) => id !== own)
    .slice(0, 3)
    .map(({ text, id }) => (text.trim() === "" ? `id ${id}` : text))
    .join(", ");

function offsetsBlocks(run: ReportedRun, { official, valid, specificity, units, tokens, geometry }: Offsets): Block[] {
  const rows = (
    [
      ["all places, padded to the window (as the published code counts)", official],
      ["valid tokens", valid],
    ] as const
  ).map(([label, size]) => [
    label,
    String(size.tokens),
    number(size.meanAbs, 4),
    number(size.sdOfDimensions, 4),
    number(size.meanL2),
    number(size.embeddingMeanL2),
    number(size.meanRatio),
  ]);
  return [
    { kind: "heading", level: 3, text: "Offsets" },
    {
      kind: "table",
      caption: `Size of the offsets of ${run.id}`,
      header: [
        "over",
        "tokens",
        "mean |offset|",
        "sd over dimensions",
        "mean L2",
        "mean L2 of embeddings",
        "mean L2 ratio",
      ],
      rows,
    },
    {
      kind: "text",
      text: `Specificity index ${specificity === undefined ? "not defined: all offsets are equal" : number(specificity, 4)} (1: a token's offset is the same wherever it stands).${units === undefined ? "" : ` ${units.dead} of ${units.total} hidden units are never on; ${units.off} tokens of the vocabulary switch none on.`}${geometry === undefined ? "" : ` Over the ${geometry.tokens} tokens seen, the offsets span ${geometry.rank} dimensions (effective rank ${number(geometry.effectiveRank, 1)}); the nearest two lie ${number(geometry.leastDistance)} apart.`}`,
    },
    ...(tokens.length === 0
      ? []
      : [
          {
            kind: "table" as const,
            caption: "Tokens of the training data with the largest offsets",
            header: ["token", "seen", "L2", "ratio to its embedding", "units on", "nearest before", "nearest after"],
            rows: tokens
              .slice(0, 15)
              .map(({ text, id, count, norm, ratio, active, before, after }) => [
                text.trim() === "" ? `id ${id}` : text,
                String(count),
                number(norm),
                number(ratio),
                active === undefined ? "" : String(active),
                words(before, id),
                words(after, id),
              ]),
          },
        ]),
  ];
}

function ablationBlocks({ full, cases, unseen }: Ablation): Block[] {
  const blocks: Block[] = [
    { kind: "heading", level: 3, text: "Component ablation, post-hoc" },
    ...casesTable("Components taken away without retraining", full, cases),
  ];
  if (unseen.unseen > 0 && unseen.seen > 0)
    blocks.push({
      kind: "table",
      caption: `Share right by whether a text has tokens that no training text has (${unseen.seen} have none, ${unseen.unseen} have some)`,
      header: ["", "all seen", "some unseen"],
      rows: unseen.rows.map(({ label, seen, unseen: other }) => [
        label,
        `${points(seen ?? 0)} %`,
        `${points(other ?? 0)} %`,
      ]),
    });
  return blocks;
}

function shiftBlocks(shift: PositionShift): Block[] {
  const { full, cases } = shift;
  return [
    { kind: "heading", level: 3, text: "Position shift" },
    ...casesTable(
      "Text shifted by k places: T1 table rows alone, T2 prompt and text, T3 text in its window, T4 after k tokens of filler",
      full,
      cases,
    ),
    {
      kind: "table",
      caption: "What the shift changes",
      header: ["", "offset change", "change of states", "KL (nats)", "largest logit change"],
      rows: cases.map((each) => [
        each.label,
        each.offsetChange === undefined ? "n/a" : number(each.offsetChange),
        number(each.encoderChange),
        number(each.kl, 5),
        number(each.maxLogit),
      ]),
    },
    ...causalShiftNote([shift]),
  ];
}

function specificityBlocks({ full, cases, explained }: Specificity): Block[] {
  return [
    { kind: "heading", level: 3, text: "Token specificity, post-hoc" },
    ...casesTable("Offsets replaced without retraining", full, cases),
    {
      kind: "text",
      text:
        explained === undefined
          ? "Taking the offsets away costs less than its interval: no share of a gain is computed."
          : `${points(explained)} % of what the offsets gain is lost when all tokens get one constant.`,
    },
  ];
}

/** The section of one run: its method and commit, the results of each analysis, and its settings. */
export function runBlocks(run: ReportedRun): Block[] {
  const { ablation, offsets, specificity, "position-shift": shift } = run.analyses;
  return [
    { kind: "heading", level: 2, text: `${run.experiment.name} (${run.id})` },
    {
      kind: "text",
      text: `Method ${run.experiment.method.kind}, ${run.record.trainable ?? "?"} trainable parameters, seed ${run.experiment.seed}. Commit ${run.record.resultCommit ?? `none${run.record.gitMessage === undefined ? "" : `: ${run.record.gitMessage}`}`}.`,
    },
    ...(ablation === undefined ? [] : ablationBlocks(ablation)),
    ...(offsets === undefined ? [] : offsetsBlocks(run, offsets)),
    ...(shift === undefined ? [] : shiftBlocks(shift)),
    ...(specificity === undefined ? [] : specificityBlocks(specificity)),
    {
      kind: "table",
      caption: `Settings of ${run.id}`,
      header: ["key", "value"],
      rows: [...flatten(run.experiment)].map(([key, value]) => [key, JSON.stringify(value)]),
    },
  ];
}
