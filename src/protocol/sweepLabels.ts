import type { Translate } from "./translate.ts";

/**
 * The texts of a sweep's figures.
 * @param t translates a text
 */
export function sweepLabels(t: Translate) {
  return {
    ...rangeLabels(t),
    ...groupLabels(t),
    validationOf: t("Validation {0}"),
    judgedByValidation: t("Runs are judged by validation, at their chosen checkpoint; the test split chooses nothing."),
    unjudgedRuns: t("{0} runs have no result on validation yet, and are left out."),
    chosenRuns: t("selected"),
    bestThere: t("best combination"),
    runs: t("Runs"),
    settingTitle: t("{0} against {1}"),
    settingNote: t(
      "Dots are runs. A mark is the mean over seeds of the combination that is best on validation at that value, from the least seed to the largest.",
    ),
    bestSoFarTitle: t("Best on validation so far"),
    bestSoFarNote: t(
      "Dots are single runs in the order in which they finished: the best of them owes something to its seed.",
    ),
    bestSoFarOf: t("best {0}: {1}, after {2} runs"),
    bestSoFar: t("best so far"),
    bestRun: t("Best run"),
    finishedRuns: t("Finished runs"),
    heatmapOfSettings: t("{0} over {1} and {2}"),
    heatmapOfSettingsNote: t(
      "A cell is the mean over its runs: over seeds, and over the settings that are on neither side, of one method. Cells without a run are empty.",
    ),
    importanceTitle: t("How much each setting matters"),
    importanceNote: t(
      "Share of the variance of the validation measure between groups of runs with one value (numbers of more than 5 values: quarters of the runs), adjusted for the number of groups: main effects alone, each setting by itself. 95 % intervals by bootstrap over combinations; a dot is what 95 % of random permutations stay below. Settings that vary together share their effect. Not told of fewer than {0} runs, or than 4 combinations more than groups.",
    ),
    shareOfVariance: t("Share of variance (%)"),
    byChance: t("by chance"),
    groups: t("Groups"),
    beyondChance: t("beyond chance"),
    withinChance: t("no more than chance"),
    parallelTitle: t("Settings and result of each run"),
    parallelNote: t(
      "A line is a run; the best on validation is thick, the best tenth coloured. Lines through “none” lack the setting.",
    ),
    parallelOf: t("{0} runs; the best, {1}, has {2}: {3}"),
    moreSettings: t("{0} more settings vary; those that matter least are left out."),
    tooFewRuns: t("too few runs to tell"),
  };
}

function rangeLabels(t: Translate) {
  return {
    across: t("Across"),
    down: t("Down"),
    cellOfSettings: t("{0} × {1}: {2}, {3} runs"),
    brushNote: t(
      "Drag along an axis, or move the two ends of its range with the arrow keys, to select runs; Escape takes the range away.",
    ),
    rangeFrom: t("{0}, from"),
    rangeTo: t("{0}, to"),
    selectedOf: t("{0} of {1} runs selected"),
    noneSelected: t("No range: all {0} runs"),
    clearRanges: t("Clear ranges"),
  };
}

function groupLabels(t: Translate) {
  return {
    values: t("Values"),
    eachRun: t("Each run"),
    overSeeds: t("Over seeds"),
    by: t("By {0}"),
    groupsOfRuns: t("Groups"),
    drawnOver: t("Over"),
    trainedTokens: t("Tokens trained"),
    trainedSeconds: t("Seconds of training"),
    smoothing: t("Smoothing"),
    asItIs: t("not smoothed"),
    meanOfSteps: t("mean of {0} steps"),
    smoothedNote: t("Smoothed: each value is the mean of {0} steps around it, fewer at both ends."),
    tokensNote: t("Tokens are estimated from the speed and the time of each step."),
    timeNote: t("Seconds from the start of training, evaluations included, interruptions not."),
    sameStepNote: t("Groups are averaged step by step, and stand at the mean of their runs' places."),
    bandNote: t("A group is the mean of its runs, in the band from the least to the largest."),
    moreCurves: t("The {0} curves with the best validation are drawn; {1} more are not."),
  };
}
