import { ResolvedExperiment } from "../../../src/experiment/experiment.ts";
import type { AnalysisResults } from "../../../src/protocol/results/analysisResults.ts";
import type { AlteredOutcome, Estimate } from "../../../src/protocol/results/outcome.ts";
import type { Shifted } from "../../../src/protocol/results/positionShift.ts";
import { foldEvents } from "../../../src/record/foldEvents.ts";
import type { ReportedRun } from "../../../src/analysis/report/reportedRun.ts";

const estimate = (difference: number, half: number): Estimate => ({
  difference,
  interval: [difference - half, difference + half],
  bca: [difference - half, difference + half],
  p: 0.01,
  found: Math.abs(difference) > half,
  detectable: half,
});

const altered = (label: string, difference: number, half = 0.021): AlteredOutcome => ({
  label,
  metrics: { accuracy: 0.95 + difference },
  loss: 0.2 - difference,
  right: "1101",
  versus: { n: 605, right: estimate(difference, half), loss: estimate(-difference, half), mcnemarP: 0.01, flips: 0.03 },
  holmP: 0.02,
});

const full = { label: "as trained", metrics: { accuracy: 0.95 }, loss: 0.2, right: "1111" };

const shifted = (test: string, k: number, slope: number): Shifted => ({
  ...altered(`${test}, k = ${k}`, -slope * k),
  test,
  k,
  measured: 64,
  kl: slope * k * 3,
  maxLogit: slope * k * 10,
  encoderChange: slope * k,
  offsetChange: test === "T1" ? slope * k : undefined,
  offsetCosine: undefined,
});

const size = (scale: number) => ({
  tokens: 40_123,
  meanAbs: 0.0123 * scale,
  sdOfDimensions: 0.01,
  meanL2: 1.9 * scale,
  sdL2: 0.4,
  embeddingMeanAbs: 0.2,
  embeddingSdOfDimensions: 0.1,
  embeddingMeanL2: 14.2,
  meanRatio: 0.13 * scale,
  ratioOfMeans: 0.13,
});

const neighbour = (text: string, id: number, cosine: number) => ({ text, id, cosine });
const SOME = ["free", "meeting", "▁привет", "100%", "a_b", "{x}", "<b>", "offer|now"];

function offsets(scale: number): AnalysisResults["offsets"] {
  const norm = Array.from({ length: 900 }, (_, id) => scale * (2 + Math.sin(id) + Math.cos(id / 3)));
  return {
    examples: Array.from({ length: 8 }, (_, row) => {
      const places = Array.from({ length: 20 + 4 * row }, (__, place) => place);
      return {
        target: row % 2 === 0 ? "spam" : "ham",
        pieces: places.map((place) => SOME[(place + row) % SOME.length]!),
        norm: places.map((place) => scale * (2 + Math.sin(row * 3 + place))),
      };
    }),
    places: undefined,
    official: size(0.4 * scale),
    valid: size(scale),
    specificity: 0.7312,
    geometry: { tokens: 512, effectiveRank: 12.3, rank: 39, leastDistance: 0.0123, shared: 0 },
    units: { dead: 3, total: 39, off: 14, active: [] },
    tokens: SOME.map((text, id) => ({
      id,
      text,
      count: 100 - id,
      norm: 4 - id / 10,
      ratio: 0.4,
      active: 12,
      before: [neighbour(text, id, 1), neighbour("gratis", 71, 0.61)],
      after: [neighbour(text, id, 0.9), neighbour("winner", 72, 0.55)],
    })),
    vocabulary: { norm, ratio: norm, active: undefined, count: norm.map((_, id) => (id % 3 === 0 ? 5 : 0)) },
    prompt: { meanAbs: 0.2, meanL2: 9.1 },
  };
}

const times = (median: number) => ({ n: 9, median, low: 0.97 * median, high: 1.04 * median });
const FORMS = ["backbone", "adept", "adept folded", "pt, same prompt"];

const LATENCY: AnalysisResults["latency"] = {
  rounds: 9,
  tokens: 4,
  device: "CPU, 2 cores",
  rows: FORMS.flatMap((form, i) =>
    [1, 8].flatMap((batchSize) =>
      [32, 128, 256].map((length) => ({
        form,
        parameters: 1000 * i,
        promptLength: 20 * i,
        length,
        batchSize,
        endToEnd: times(length * batchSize * (1 + i / 10)),
        inputLayer: times(0.1 + i / 100),
        ratio: times(1 + i / 10),
      })),
    ),
  ),
  fold: {
    form: "adept folded",
    against: [{ against: "pt, same prompt", ratio: times(0.99), cells: [] }],
    predictions: { equal: 605, total: 605 },
  },
};

/** Results of every analysis, of which only the shapes are real. */
export const analysesOf = (scale: number): AnalysisResults => ({
  ablation: {
    full,
    cases: [altered("FFN off", -0.12), altered("prompt off", -0.41, 0.04), altered("positions off", 0.003)],
    unseen: { seen: 400, unseen: 205, rows: [{ label: "as trained", seen: 0.97, unseen: 0.91 }] },
  },
  specificity: {
    full,
    index: 0.7312,
    cases: [
      { ...altered("A1: no offset", -0.12), group: "none" },
      { ...altered("A3: one constant for all tokens", -0.05), group: "constant" },
      { ...altered("A2: offsets permuted within bins of frequency, draw 1", -0.031), group: "permuted" },
      { ...altered("A2: offsets permuted within bins of frequency, draw 2", -0.052), group: "permuted" },
    ],
    draws: [
      {
        group: "permuted",
        right: { n: 2, mean: -0.0415, median: -0.0415, min: -0.052, max: -0.031, interval: [-0.175, 0.092] },
      },
    ],
    explained: 0.58,
  },
  "position-shift": {
    full,
    cases: ["T1", "T2", "T3", "T4"].flatMap((test, i) =>
      [1, 8, 64].map((k) => shifted(test, k, (0.0002 * i * i) / scale)),
    ),
    properties: {
      tokens: 10,
      places: 5,
      largest: 3,
      acrossPlaces: 0,
      acrossTokens: 0.4,
      withinType: 0,
      hostAgrees: 1e-8,
      promptChange: 0,
      padding: 1e-7,
      padValue: 0,
    },
    examples: [0, 1],
    texts: 7,
  },
  offsets: offsets(scale),
  latency: LATENCY,
  stability: { steps: 300, clipped: 0, lossSpikes: 0, finalLoss: 0.1, components: [], alerts: [] },
});

/** A finished run of some steps, with a result on test, and every analysis where a scale is given. */
export function reportedRun(
  id: string,
  given: { seed: number; method: string; accuracy: number; trainable: number; scale?: number; steps?: number },
): ReportedRun {
  const { seed, method, accuracy, scale, steps = 300 } = given;
  const experiment = ResolvedExperiment.parse({ name: id, task: { kind: "mail" }, method: { kind: method }, seed });
  const evaluation = { type: "evaluation", time: 2, loss: 0.5, examples: 605 } as const;
  const record = foldEvents([
    { type: "created", time: 1, version: 1, id, name: id, method, task: "mail", backbone: "tiny-t5", seed, steps },
    ...[1, 2, 3].map((part) => ({
      ...evaluation,
      step: (steps * part) / 3,
      split: "validation" as const,
      metrics: { accuracy: accuracy - 0.1 / part },
    })),
    { ...evaluation, step: steps, split: "test", metrics: { accuracy } },
    { type: "status", time: 3, status: "finished" },
  ]);
  const losses = Array.from({ length: steps }, (_, i): [number, number] => [
    i + 1,
    2 * Math.exp(-i / 90) + 0.1 + 0.05 * Math.sin(i + seed) + seed / 20,
  ]);
  return {
    id,
    experiment,
    record: { ...record, trainable: given.trainable, resultCommit: "0123456789abcdef" },
    analyses: scale === undefined ? {} : analysesOf(scale),
    losses,
  };
}

/** Three seeds of a method and of its control, the first of each with every analysis. */
export const severalRuns = (): ReportedRun[] =>
  [0, 1, 2].flatMap((seed) => [
    reportedRun(`20261201-${seed}a-adept`, {
      seed,
      method: "adept",
      accuracy: 0.95 + seed / 100,
      trainable: 14_080,
      ...(seed === 0 && { scale: 1 }),
    }),
    reportedRun(`20261201-${seed}b-pt`, {
      seed,
      method: "pt",
      accuracy: 0.91 + seed / 100,
      trainable: 2_560,
      ...(seed === 0 && { scale: 2 }),
    }),
  ]);
