import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { caught, throwAll } from "../../experiment/allProblems.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { experimentPoints, experimentText, lineOf, settingOf } from "../../experiment/readExperiment.ts";
import { checkRuns, locate, type ReadRun } from "./checkExperiment.ts";
import { ExperimentText } from "./experimentText.ts";
import { KnownFields } from "./knownFields.ts";

/** How the runs of a file are checked. */
export interface HowToCheck {
  /** The id that the runs of a sweep share. */
  sweepId?: string;
  /** What is known of data files. */
  known?: KnownFields;
  /** Checks what the file alone does not tell, such as the machine's devices; throws a UserError. */
  check?: (experiment: Experiment) => void;
}

/**
 * Reads the runs of an experiment file, and checks all of them as the editor does: data, columns, labels, methods,
 * backbones, adapters to start from. So no run of a sweep starts that would fail for what was known.
 * @param overrides assignments of `--set`
 * @throws UserError naming every problem with its file and line, or its `--set`
 */
export async function checkedRuns(
  path: string,
  overrides: readonly string[] = [],
  { sweepId = "", known = new KnownFields(), check = () => undefined }: HowToCheck = {},
): Promise<Experiment[]> {
  const text = experimentText(path);
  const own = new ExperimentText(text);
  const errors: UserError[] = [];
  const runs: ReadRun[] = [];
  for (const point of experimentPoints(path, text, overrides, sweepId))
    errors.push(...caught(() => runs.push({ experiment: point.read(), at: locate(own, point) })));
  for (const { experiment } of runs)
    errors.push(
      ...caught(() => {
        check(experiment);
      }),
    );
  await checkRuns(own, runs, known);
  for (const problem of own.problems.filter(({ severity }) => severity === "error")) {
    const { keys, message } = own.told.get(problem)!;
    const setting = settingOf(keys.join("."), overrides);
    const place = setting === undefined ? `${path}:${lineOf(text, problem.from)}` : `--set ${setting}`;
    errors.push(new UserError("experiment-checked", phrase`${place}: ${message}`).about(keys, message));
  }
  throwAll(errors);
  return runs.map(({ experiment }) => experiment);
}
