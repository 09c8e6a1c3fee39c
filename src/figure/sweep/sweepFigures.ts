import type { Labels } from "../../protocol/pageLabels.ts";
import type { FigureSpec } from "../figureSpec.ts";
import { bestSoFarFigure } from "./bestSoFarFigure.ts";
import { byShare, importances } from "./importance.ts";
import { importanceFigure } from "./importanceFigure.ts";
import { sweepMeasure, type JudgedSweep } from "./judgedSweep.ts";
import { parallelFigure } from "./parallelFigure.ts";
import { settingFigure } from "./settingFigure.ts";
import { settingsHeatmap } from "./settingsHeatmap.ts";
import { methodSetting, type VariedSetting } from "./variedSettings.ts";

/** Fewer judged runs than these are no sweep to see. */
const LEAST_RUNS = 3;
/** The most settings that have a figure, and the most that are held against each other in pairs. */
export const MOST_SETTINGS = 12;
const MOST_PAIRED = 3;

/** Whether runs differ in settings and can be judged, so that there is a sweep to see. */
export const isSweep = ({ settings, runs }: JudgedSweep): boolean => settings.length > 0 && runs.length >= LEAST_RUNS;

/** The settings that have figures, the most important first; the method before all others. */
export function shownSettings(sweep: JudgedSweep): VariedSetting[] {
  const method = methodSetting(sweep.settings);
  const others = byShare(sweep).filter((setting) => setting !== method);
  return [...(method === undefined ? [] : [method]), ...others].slice(0, MOST_SETTINGS);
}

const pairsOf = <T>(values: readonly T[]): [T, T][] =>
  values.flatMap((a, i) => values.slice(i + 1).map((b): [T, T] => [a, b]));

/** Every figure of a sweep, as a report has them; none where there is no sweep. */
export function sweepFigures(sweep: JudgedSweep, labels: Labels): FigureSpec[] {
  if (!isSweep(sweep)) return [];
  const settings = shownSettings(sweep);
  const measure = sweepMeasure(sweep, "validation", labels);
  const paired = settings.filter((setting) => setting !== methodSetting(sweep.settings)).slice(0, MOST_PAIRED);
  return [
    parallelFigure(sweep, settings, labels),
    importanceFigure(sweep, importances(sweep), labels),
    ...settings.map((setting) => settingFigure(sweep, { setting, measure }, labels)),
    ...pairsOf(paired).map(([down, across]) => settingsHeatmap(sweep, { across, down, measure }, labels)),
    bestSoFarFigure(sweep, undefined, labels),
  ];
}
