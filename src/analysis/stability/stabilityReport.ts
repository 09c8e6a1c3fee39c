import { english, phrase } from "../../base/phrase.ts";
import type { RunEvent } from "../../record/events.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { SPIKE, StabilityWatch } from "./stabilityWatch.ts";
import type { ComponentStability, Spread, Stability } from "../../protocol/results/stability.ts";

/**
 * The usual range of a step's update relative to the weights. Below it a component hardly changes, above it the
 * component is unstable. Advice aims at `aim`.
 */
const USUAL = { low: 1e-5, high: 1e-1, aim: 1e-2 };
const WINDOW = 50;

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (q: number): number => sorted[Math.round(q * (sorted.length - 1))] ?? 0;
  return { low: at(0.05), median: at(0.5), high: at(0.95), most: at(1) };
}

function advise(group: string, rate: number, ratio: Spread): ComponentStability["advice"] {
  if (ratio.median === 0 || (ratio.median >= USUAL.low && ratio.median <= USUAL.high)) return undefined;
  // Adam's update is proportional to the learning rate, and so is the ratio.
  const factor = Math.min(100, Math.max(0.01, (ratio.median > USUAL.high ? USUAL.aim : USUAL.low * 10) / ratio.median));
  const why =
    ratio.median > USUAL.high
      ? phrase`${group} changes by ${(100 * ratio.median).toFixed(0)} % of itself a step`
      : phrase`${group} changes by ${ratio.median.toExponential(1)} of itself a step: it hardly moves`;
  return {
    rate: Number((rate * factor).toPrecision(1)),
    why: english(why),
    phrase: why,
  };
}

/** Summarises a run's training from its journal. Steps that a resumed run has repeated count once, the later ones. */
export function analyseStability(events: Iterable<RunEvent>, { training }: Pick<Experiment, "training">): Stability {
  const bySteps = new Map<number, Extract<RunEvent, { type: "step" }>>();
  const watch = new StabilityWatch(training.warmup);
  const alerts: string[] = [];
  for (const event of events) {
    if (event.type === "step") bySteps.set(event.step, event);
    if (event.type === "warning") alerts.push(event.message);
  }
  const steps = [...bySteps.values()].sort((a, b) => a.step - b.step);
  const warm = steps.filter(({ step }) => step > training.warmup);
  const judged = warm.length > 0 ? warm : steps;
  for (const step of steps)
    for (const message of watch.step(step).map(english)) if (!alerts.includes(message)) alerts.push(message);
  const norm = ({ gradientNorm }: (typeof steps)[number]): number => Math.hypot(...Object.values(gradientNorm));
  const lossSpikes = steps.filter(
    ({ loss }, i) => i >= WINDOW && loss > 2 * spread(steps.slice(i - WINDOW, i).map((each) => each.loss)).median,
  ).length;
  const components = Object.keys(steps[0]?.gradientNorm ?? {}).map((group): ComponentStability => {
    const gradient = spread(judged.map(({ gradientNorm }) => gradientNorm[group] ?? 0));
    const ratio = spread(judged.map(({ updateRatio }) => updateRatio[group] ?? 0));
    const rate = training.learningRate[group as keyof typeof training.learningRate] ?? 0;
    return {
      group,
      rate,
      gradient,
      ratio,
      spikes: judged.filter(({ gradientNorm }) => (gradientNorm[group] ?? 0) > SPIKE * gradient.median).length,
      still: steps.filter(({ gradientNorm }) => gradientNorm[group] === 0).length,
      advice: advise(group, rate, ratio),
    };
  });
  return {
    steps: steps.length,
    clipped:
      training.clip === 0 || steps.length === 0
        ? 0
        : steps.filter((each) => norm(each) > training.clip).length / steps.length,
    lossSpikes,
    finalLoss: steps.at(-1)?.loss ?? NaN,
    components,
    alerts,
  };
}
