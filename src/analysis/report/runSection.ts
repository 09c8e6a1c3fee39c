import { ablationFigure, specificityFigure, specificityText, unseenFigure } from "../../figure/alteredFigures.ts";
import {
  heatmapFigure,
  neighboursFigure,
  normFigure,
  tableTwoFigure,
  unitsFigure,
} from "../../figure/offsetFigures.ts";
import { propertiesFigure, shiftFigure, shiftMeasures } from "../../figure/shiftFigures.ts";
import type { Block } from "./blocks.ts";
import { figureBlock, LABELS } from "./figureBlock.ts";
import { number } from "./format.ts";
import type { ReportedRun } from "./reportedRun.ts";
import { ownTable } from "./settingsTables.ts";
import type { Ablation } from "../../protocol/results/ablation.ts";
import type { PositionShift } from "../../protocol/results/positionShift.ts";
import type { Specificity } from "../../protocol/results/specificity.ts";
import type { Offsets } from "../../protocol/results/offsets.ts";

/** Tokens with the largest offsets that are listed with their neighbours. */
const MOST_TOKENS = 15;

function offsetsBlocks(run: ReportedRun, offsets: Offsets): Block[] {
  const { specificity, units, geometry } = offsets;
  const specs = [
    ...(offsets.examples.length === 0 ? [] : [heatmapFigure(offsets.examples, LABELS)]),
    tableTwoFigure([{ name: run.id, result: offsets }], LABELS),
    normFigure(offsets, LABELS),
    neighboursFigure({ ...offsets, tokens: offsets.tokens.slice(0, MOST_TOKENS) }, LABELS),
    unitsFigure(offsets, LABELS),
  ];
  return [
    { kind: "heading", level: 3, text: "Offsets" },
    {
      kind: "text",
      text: `Specificity index ${specificity === undefined ? "not defined: all offsets are equal" : number(specificity, 4)} (1: a token's offset is the same wherever it stands).${units === undefined ? "" : ` ${units.dead} of ${units.total} hidden units are never on; ${units.off} tokens of the vocabulary switch none on.`}${geometry === undefined ? "" : ` Over the ${geometry.tokens} tokens seen, the offsets span ${geometry.rank} dimensions (effective rank ${number(geometry.effectiveRank, 1)}); the nearest two lie ${number(geometry.leastDistance)} apart.`}`,
    },
    ...specs.filter((spec) => spec !== undefined).map((spec) => figureBlock(spec, [run])),
  ];
}

function ablationBlocks(run: ReportedRun, ablation: Ablation): Block[] {
  const { seen, unseen } = ablation.unseen;
  return [
    { kind: "heading", level: 3, text: "Component ablation, post-hoc" },
    figureBlock(ablationFigure(ablation, LABELS), [run]),
    ...(unseen > 0 && seen > 0 ? [figureBlock(unseenFigure(ablation, LABELS), [run])] : []),
  ];
}

/** @param control the run of the control method with the same seed, where there is one */
function shiftBlocks(run: ReportedRun, shift: PositionShift, control: ReportedRun | undefined): Block[] {
  const other = control?.analyses["position-shift"];
  const beside = control && other && { name: control.experiment.method.kind, result: other };
  const [measure] = shiftMeasures(LABELS);
  return [
    { kind: "heading", level: 3, text: "Position shift" },
    figureBlock(shiftFigure(shift, { measure, beside }, LABELS), beside === undefined ? [run] : [run, control!]),
    figureBlock(propertiesFigure(shift, LABELS), [run]),
  ];
}

function specificityBlocks(run: ReportedRun, specificity: Specificity): Block[] {
  return [
    { kind: "heading", level: 3, text: "Token specificity, post-hoc" },
    figureBlock(specificityFigure(specificity, LABELS), [run]),
    { kind: "text", text: specificityText(specificity, LABELS) },
  ];
}

/**
 * The section of one run: its method and commit, the results of each analysis, and its settings.
 * @param control the run of the control method with the same seed, beside which position shift is drawn
 * @param shared keys of settings that all runs of the report share, which are told elsewhere
 */
export function runBlocks(
  run: ReportedRun,
  { control, shared }: { control: ReportedRun | undefined; shared: ReadonlySet<string> },
): Block[] {
  const { ablation, offsets, specificity, "position-shift": shift } = run.analyses;
  return [
    { kind: "heading", level: 2, text: `${run.experiment.name} (${run.id})` },
    {
      kind: "text",
      text: `Method ${run.experiment.method.kind}, ${run.record.trainable ?? "?"} trainable parameters, seed ${run.experiment.seed}. Commit ${run.record.resultCommit ?? `none${run.record.gitMessage === undefined ? "" : `: ${run.record.gitMessage}`}`}.`,
    },
    ...(ablation === undefined ? [] : ablationBlocks(run, ablation)),
    ...(offsets === undefined ? [] : offsetsBlocks(run, offsets)),
    ...(shift === undefined ? [] : shiftBlocks(run, shift, control)),
    ...(specificity === undefined ? [] : specificityBlocks(run, specificity)),
    ownTable(run, shared),
  ];
}
