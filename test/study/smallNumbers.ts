import { ResolvedExperiment } from "../../src/experiment/experiment.ts";
import type { Ablation } from "../../src/protocol/results/ablation.ts";
import type { Offsets } from "../../src/protocol/results/offsets.ts";
import type { PositionShift } from "../../src/protocol/results/positionShift.ts";
import type { AnalysisName } from "../../src/experiment/analysisNames.ts";
import type { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { storedAnalysis } from "../../src/run/directory/storedAnalysis.ts";

/** What a run of the small study says, by name: losses in nats, shares 0 to 1, sizes of offsets. */
export interface RunNumbers {
  method: string;
  seed: number;
  numbers: Record<string, number>;
}

/** Shares may differ by so much between kinds of processors: three of 150 examples. */
const SHARE = 0.02;
/** Other numbers may differ by this factor. */
const FACTOR = 1.02;

function analysis<T>(run: RunDirectory, name: AnalysisName): T {
  const stored = storedAnalysis(run.path, name);
  if (stored === undefined) throw new Error(`${run.id} has no analysis "${name}"`);
  return stored.result as T;
}

/** @throws Error where the run has not all results */
export function numbersOf(run: RunDirectory): RunNumbers {
  const { method, seed } = ResolvedExperiment.parse(run.experiment());
  const test = run.record().evaluations.find((each) => each.split === "test" && each.label === "trained");
  if (test === undefined) throw new Error(`${run.id} was not tested`);
  const ablation = analysis<Ablation>(run, "ablation");
  const offsets = analysis<Offsets>(run, "offsets");
  const shift = analysis<PositionShift>(run, "position-shift");
  return {
    method: method.kind,
    seed,
    numbers: {
      "test loss": test.loss,
      "test share": test.metrics["accuracy"]!,
      ...Object.fromEntries(ablation.cases.map(({ label, metrics }) => [`${label} share`, metrics["accuracy"]!])),
      "mean offset": offsets.official.meanAbs,
      "offset between places": shift.properties.acrossPlaces,
      ...Object.fromEntries(
        shift.cases
          .filter(({ test: kind, k }) => kind === "T1" && k === 16)
          .map(({ label, metrics }) => [`${label} share`, metrics["accuracy"]!]),
      ),
    },
  };
}

function differs(name: string, kept: number, found: number): boolean {
  if (name.endsWith("share")) return !(Math.abs(kept - found) <= SHARE + 1e-9);
  if (kept === 0 || found === 0) return kept !== found;
  return !(Math.max(kept / found, found / kept) <= FACTOR);
}

/** What differs from the kept numbers by more than other processors explain, one text for each. */
export function differences(kept: readonly RunNumbers[], found: readonly RunNumbers[]): string[] {
  const named = ({ method, seed }: RunNumbers): string => `${method}, seed ${seed}`;
  const missing = kept.filter((run) => !found.some((each) => named(each) === named(run)));
  return [
    ...missing.map((run) => `${named(run)}: no such run`),
    ...found.flatMap((run) => {
      const old = kept.find((each) => named(each) === named(run));
      if (old === undefined) return [`${named(run)}: not among the kept runs`];
      const names = [...new Set([...Object.keys(old.numbers), ...Object.keys(run.numbers)])];
      return names
        .filter(
          (name) =>
            differs(name, old.numbers[name] ?? NaN, run.numbers[name] ?? NaN) ||
            !(name in run.numbers) ||
            !(name in old.numbers),
        )
        .map((name) => `${named(run)}: ${name} was ${old.numbers[name]}, is ${run.numbers[name]}`);
    }),
  ];
}
