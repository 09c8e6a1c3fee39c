import { ResolvedExperiment } from "../../../src/experiment/experiment.ts";
import type { RunEvent, RunStatus } from "../../../src/record/events.ts";
import { foldEvents } from "../../../src/record/foldEvents.ts";
import type { RunSource } from "../../../src/tracker/trackedRun.ts";

/** When the made runs begin: 2026-01-02T03:04:05.678Z. */
export const START = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
export const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** Signs that are hard on formats: quotes, lines, YAML's and Markdown's own, outside the first plane, no UTF-16. */
export const HARD = 'é "q" it\'s: #1, {x} | \t\r\n\u0085\u2028 \u{1F600} 漢 <b> %s \\n';

/** The values of each of its steps: no number and infinities among them. */
export const LOSSES = [2.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-30, 0.1];

const step = (number: number, loss: number, at: number): RunEvent => ({
  type: "step",
  time: START + at,
  step: number,
  loss,
  learningRate: { prompt: 0.1 / number, ffn: -0 },
  gradientNorm: { prompt: 3, ffn: 1e300 },
  updateRatio: { prompt: 0.001, ffn: 0.002 },
  tokensPerSecond: 1234.5,
  secondsLeft: 1,
});

const evaluation = (at: number, number: number, label: string, loss: number): RunEvent => ({
  type: "evaluation",
  time: START + at,
  step: number,
  split: at < 7000 ? "validation" : "test",
  label,
  loss,
  metrics: {
    accuracy: loss / 4,
    "rouge/L é": loss / 8,
    "../../out": 1,
    accuracy_2: 2,
    Accuracy: 3,
    "accuracy/per/label": 4,
  },
  examples: 10,
});

/** Events of a run that was interrupted after step 3, went on from step 2, and repeated what it had lost. */
const resumedEvents = (): RunEvent[] => [
  step(1, LOSSES[0]!, 1000),
  step(2, LOSSES[1]!, 2000),
  evaluation(2500, 2, "trained", 9),
  step(3, 99, 2600),
  { type: "status", time: START + 2700, status: "interrupted" },
  { type: "status", time: START + 2800, status: "preparing" },
  evaluation(2900, 2, "trained", 3),
  step(3, LOSSES[2]!, 3000),
  step(4, LOSSES[3]!, 4000),
  evaluation(4500, 4, "trained", 2),
  { type: "checkpoint", time: START + 4600, step: 4, best: true },
  step(5, LOSSES[4]!, 5000),
  step(6, LOSSES[5]!, 6000),
  evaluation(6500, 6, "trained", 2.25),
  evaluation(7000, 4, "trained", 1.5),
  evaluation(7100, 0, "untrained", 8),
  evaluation(7200, 4, "ffn-off", 6),
];

/** What a made run is like. */
export interface Made {
  id?: string;
  status?: RunStatus;
  note?: string;
  tags?: string[];
  name?: string;
  /** Whether it has trained at all. */
  hasSteps?: boolean;
}

/** A run with every kind of value that a tracker shows, as its journal would have it. */
export function madeRun({
  id = "20260102-030405-ab12",
  status = "finished",
  hasSteps = true,
  ...made
}: Made = {}): RunSource {
  const { note = HARD, tags = ["best", "ü"], name = `made ${HARD}`.slice(0, 100) } = made;
  const experiment = ResolvedExperiment.parse({
    name: "made: é #1",
    task: { kind: "file", train: "/data/train.jsonl", source: HARD, target: "{label}" },
    method: { kind: "lora", rank: 4, targets: ["q", "v"] },
    training: { steps: 6, eps: 1e-7 },
    seed: 7,
    git: false,
  });
  const events: RunEvent[] = [
    {
      type: "created",
      time: START,
      version: 1,
      id,
      name,
      method: "lora",
      task: "file",
      backbone: "tiny-t5",
      seed: 7,
      steps: 6,
      experiment: "made: é #1",
      variant: "training.eps=1e-7",
      sweep: "20260102-030400-zz99",
    },
    { type: "git", time: START + 10, kind: "snapshot", commit: COMMIT, ref: `refs/adept/runs/${id}` },
    ...(hasSteps
      ? ([
          {
            type: "plan",
            time: START + 100,
            trainable: 4321,
            sizes: { rank: 4 },
            examples: { train: 80, validation: 10, test: 10 },
            device: "cpu",
          },
          ...resumedEvents(),
        ] as RunEvent[])
      : []),
    { type: "annotated", time: START + 8000, note, tags },
    { type: "status", time: START + 9000, status },
  ];
  return { id, experiment, record: foldEvents(events), events };
}
