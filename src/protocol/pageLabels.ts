import { analysisTitles } from "./analysisLabels.ts";
import { sweepLabels } from "./sweepLabels.ts";
import type { Translate } from "./translate.ts";

/**
 * The texts of the results page. The host makes them, since the page cannot translate.
 * @param t translates a text
 */
export function pageLabels(t: Translate) {
  return {
    ...headLabels(t),
    ...trainingLabels(t),
    ...stabilityLabels(t),
    ...cardLabels(t),
    ...ablationLabels(t),
    ...latencyLabels(t),
    ...offsetLabels(t),
    ...shiftLabels(t),
    ...compareLabels(t),
    ...sweepLabels(t),
  };
}
export type Labels = Readonly<ReturnType<typeof pageLabels>>;

function headLabels(t: Translate) {
  const { ablation, offsets, specificity, latency, stability, "position-shift": positionShift } = analysisTitles(t);
  return {
    ablation,
    offsets,
    specificity,
    latency,
    stability,
    positionShift,
    stop: t("Stop"),
    next: t("What to ask next"),
    resume: t("Resume"),
    cancel: t("Cancel"),
    tryAgain: t("Try again"),
    copyId: t("Copy Run ID"),
    openFolder: t("Open Run Folder"),
    showLog: t("Show Log"),
    progress: t("Training progress"),
    gone: t("This run no longer exists."),
    tabTraining: t("Training"),
    compare: t("Compare"),
    asTable: t("Table"),
    savePicture: t("Save picture"),
    saveTable: t("Save table"),
    copyMarkdown: t("Copy as Markdown"),
    copyLatex: t("Copy as LaTeX"),
    cannotShow: t("This result cannot be shown; the log says why."),
    none: t("none"),
    nats: t("nats"),
    measure: t("Measure"),
    value: t("Value"),
    low: t("low"),
    high: t("high"),
    difference: t("Difference"),
    pointsUnit: t("points"),
    verdict: t("In words"),
    run: t("Run"),
    thisRun: t("this run"),
    tokens: t("tokens"),
    worker: t("worker"),
    model: t("Model"),
    metric: t("Metric"),
  };
}

function trainingLabels(t: Translate) {
  return {
    loss: t("Loss"),
    training: t("training"),
    validation: t("validation"),
    validationMetric: t("Validation metric"),
    learningRate: t("Learning rate"),
    gradientNorm: t("Gradient norm"),
    updateRatio: t("Update / weight"),
    tokensPerSecond: t("Tokens per second"),
    memory: t("Memory (MiB)"),
    step: t("Step"),
    logScale: t("Logarithmic scale"),
    lossNote: t("Mean over label tokens, in nats; training per step, validation over its split."),
    metricNote: t("On the validation split, each time it was evaluated."),
    lossOf: t("Training loss from {0} to {1} at step {2}"),
    testOf: t("Test {0}"),
    testNote: t("n = {0} test examples; components are switched off after training."),
    differencePoints: t("Trained minus this (points)"),
    differencePlain: t("Trained minus this"),
    trained: t("Trained"),
    untrained: t("Untrained"),
    ffnOff: t("FFN off"),
    promptOff: t("Prompt off"),
    positionsOff: t("Positions off"),
    majority: t("Majority class"),
    notMeasured: t("not measured yet"),
    facts: t("Run"),
    method: t("Method"),
    task: t("Task"),
    backbone: t("Backbone"),
    seed: t("Seed"),
    parameters: t("Trainable parameters"),
    device: t("Device"),
    measured: t("A step on each device"),
    narrowWeights: t("Weights beside fp32"),
    memoryForecast: t("Memory"),
    gpu: t("Graphics processor"),
    examples: t("Train / validation / test examples"),
    speed: t("Tokens"),
    tags: t("Tags"),
    note: t("Note"),
    adapter: t("Adapter"),
    commit: t("Commit"),
    warnings: t("Alerts"),
  };
}

function stabilityLabels(t: Translate) {
  return {
    stabilityTitle: t("Stability by component"),
    stabilityNote: t("Over the steps after warm-up."),
    component: t("Component"),
    updateMedian: t("Update / weight, median"),
    updateMost: t("Update / weight, most"),
    gradientMedian: t("Gradient norm, median"),
    gradientMost: t("Gradient norm, most"),
    spikes: t("Spikes"),
    still: t("Steps without change"),
    advice: t("Advice"),
    tryRate: t("try {0}: {1}"),
  };
}

function cardLabels(t: Translate) {
  return {
    runAnalysis: t("Make: {0}"),
    withForecast: t("{0} (about {1})"),
    notForMethod: t("{0}: this method has nothing for it."),
    analysisMade: t("{0}: made."),
    analysisOn: t("{0}: made on {1} test examples."),
    notReady: t("{0}: once the run has a result."),
    analysisStarts: t("{0} is starting…"),
    analysisFailed: t("{0} has failed: {1}"),
    analysisStopped: t("{0} was stopped; what was finished is kept."),
    analysisLacks: t("{0} has not been made yet."),
  };
}

function ablationLabels(t: Translate) {
  return {
    altered: t("Altered"),
    posthoc: t("post-hoc (H)"),
    pointsAgainst: t("Share right against as trained (points)"),
    pHolm: t("p (Holm)"),
    flips: t("Predictions changed"),
    lossDifference: t("Loss difference"),
    ablationTitle: t("Component ablation, post-hoc (H)"),
    bootstrapNote: t(
      "95 % intervals by paired bootstrap over n = {0} test examples; p by McNemar's exact test, Holm-corrected.",
    ),
    noChange: t("no prediction changed its verdict"),
    found: t("{0} [{1}, {2}]"),
    notFound: t("no difference found (±{0} could have been)"),
    unseenTitle: t("Texts with and without unseen tokens"),
    unseenNote: t("Share right, split by whether a test text has a token that no training text has."),
    seenTexts: t("all tokens seen (n = {0})"),
    unseenTexts: t("some unseen (n = {0})"),
    specificityTitle: t("Token specificity, post-hoc (H)"),
    drawsNote: t("Random permutations: dots are draws."),
    specificityIndex: t("Specificity index {0}."),
    shareExplained: t("Specificity explains {0} of the gain over no offset."),
    noShare: t("No share of the gain is computed: it does not exceed its interval."),
    retrainedNote: t(
      "Ablations of this experiment were also trained from scratch (R); they are compared over their seeds.",
    ),
    compareRetrained: t("Compare the retrained ablations"),
  };
}

function latencyLabels(t: Translate) {
  return {
    endToEnd: t("End to end (ms)"),
    inputLayer: t("Input layer alone (ms)"),
    ratioToBare: t("Times the bare backbone"),
    lengthTokens: t("Length (tokens)"),
    batchSize: t("Batch size"),
    batchOf: t("batch of {0}"),
    form: t("Form"),
    promptLength: t("Prompt length"),
    latencyTitle: t("Latency"),
    latencyNote: t("Median of {0} rounds in turn after warm-up with its 95 % interval; {1} tokens generated; {2}."),
    foldTitle: t("{0} against other forms"),
    foldNote: t(
      "End to end; median of the ratios within each round with its 95 % interval. The run and its fold generate the same tokens on {0} of {1} test texts.",
    ),
    timesOther: t("Times the other's time"),
    all: t("all"),
    faster: t("faster"),
    asFast: t("as fast, within 2 %"),
    slower: t("slower"),
    notSettled: t("not settled"),
  };
}

function offsetLabels(t: Translate) {
  return {
    heatmapTitle: t("Offsets of test texts"),
    heatmapNote: t(
      "L2 norm of each token's offset; colours from the 2nd to the 98th percentile. Arrow keys move; Enter writes a text out.",
    ),
    heatmapOf: t("Offset norms of {0} test texts"),
    filterTexts: t("Texts that contain…"),
    cell: t("“{0}”: {1} at place {2} of text {3}"),
    place: t("Place"),
    text: t("Text"),
    target: t("Target"),
    token: t("Token"),
    offsetNorm: t("Offset norm"),
    l2: t("L2"),
    tableTwo: t("Size of the offsets (Table 2)"),
    tableTwoNote: t(
      "Mean absolute offset, over {0} valid tokens, or as the published code counts: over {1} with the padding.",
    ),
    official: t("official, with padding"),
    validOnly: t("valid tokens only"),
    counted: t("Counted"),
    meanAbs: t("Mean |offset|"),
    meanL2: t("Mean L2"),
    meanRatio: t("L2 over the embedding's, mean"),
    embeddingL2: t("Embedding L2, mean"),
    histogramTitle: t("How large the offsets are"),
    histogramNote: t("n = {0}; L2 norms."),
    histogramOf: t("{0} offset norms from {1} to {2}"),
    wholeVocabulary: t("whole vocabulary"),
    seenTokens: t("tokens of the training texts"),
    places: t("places"),
    count: t("Count"),
    from: t("From"),
    to: t("To"),
    neighboursTitle: t("Tokens with the largest offsets, and their neighbours"),
    neighboursNote: t("The {0} largest among tokens of the training texts; nearest words by cosine."),
    ratio: t("Over the embedding's"),
    activeUnits: t("Active units"),
    frequency: t("In training texts"),
    before: t("Nearest before"),
    after: t("Nearest after"),
    unitsTitle: t("What the offsets are made of"),
    unitsNote: t("Over the vocabulary and the tokens of the training texts."),
    hiddenUnits: t("Hidden units"),
    deadUnits: t("Units that no token switches on"),
    tokensOff: t("Tokens that switch none on"),
    effectiveRank: t("Effective rank of the offsets"),
    rank: t("Rank of the offsets"),
    leastDistance: t("Least distance of two tokens' offsets"),
    specificityOf: t("Specificity index"),
    promptL2: t("Mean L2 of a prompt row"),
  };
}

function shiftLabels(t: Translate) {
  return {
    offsetChange: t("Offset change"),
    encoderChange: t("Change of states"),
    logitChange: t("Largest logit change"),
    shiftBy: t("Shift k (places)"),
    shift: t("Shift"),
    test: t("Test"),
    beside: t("Beside"),
    besideNone: t("no other run"),
    worstShift: t("{0}: most {1} at {2}"),
    shiftTitle: t("Text shifted by k places"),
    shiftNote: t(
      "T1: table rows alone; T2: prompt and text; T3: text in its window; T4: after k tokens of filler. Changes are relative.",
    ),
    shiftCausalNote: t(
      "In a decoder-only model T2 leaves positions out before the prompt, T3 between prompt and text: rotary positions know distances alone, so T2 must change nothing.",
    ),
    propertiesTitle: t("What must hold exactly"),
    propertiesNote: t("On the method's own graph, {0} tokens at {1} places; largest absolute difference."),
    property: t("Property"),
    largest: t("Largest difference"),
    exactly: t("0 exactly"),
    t0Places: t("T0: one token at other places"),
    t0Tokens: t("T0: other tokens at one place"),
    t6: t("T6: variance of a repeated token's offset"),
    promptRows: t("Prompt rows against the trained"),
    t5Padding: t("T5: padding"),
    t5Value: t("T5: value of masked places"),
  };
}

function compareLabels(t: Translate) {
  return {
    chooseRuns: t("Choose runs to compare; the first is the one that others are held against."),
    comparing: t("Comparing…"),
    comparisonFailed: t("The comparison failed: {0}"),
    comparisonStopped: t("The comparison was stopped."),
    runsToCompare: t("Runs to compare"),
    searchRuns: t("Search runs"),
    chooseShown: t("Choose all shown"),
    chooseNone: t("Choose none"),
    runsChosen: t("{0} chosen, {1} shown"),
    runsShownOf: t("{0} chosen; the first {2} of {1} are shown: search for others"),
    differingTitle: t("Settings that differ"),
    differingNote: t("{0} settings differ."),
    nothingDiffers: t("No setting differs."),
    setting: t("Setting"),
    curvesTitle: t("Curves"),
    curvesNote: t("Training loss per step, or the metric on the validation split."),
    curve: t("Curve"),
    lossCurve: t("Training loss"),
    codeOf: t("Code of"),
    against: t("Against"),
    compareCode: t("Compare code"),
    noCommits: t("These runs have no commits: their code cannot be compared."),
    seedsTitle: t("Test {0} over seeds"),
    seedsNote: t("Mean with its 95 % t-interval over seeds; dots are seeds."),
    seeds: t("Seeds"),
    costTitle: t("Parameters and result"),
    pairsTitle: t("Each run against “{0}”"),
    different: t("different"),
    untested: t("not tested"),
    otherExamples: t("tested on other examples"),
  };
}
