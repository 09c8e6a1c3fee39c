import { execFile } from "node:child_process";
import * as z from "zod";
import { UserError } from "../base/errors.ts";
import { ErrorSchema } from "../base/phraseSchema.ts";
import { Explanation } from "../protocol/explanation.ts";
import { ListedModels } from "../protocol/listedModels.ts";
import { Forecast } from "../protocol/setupQuestions.ts";
import { ENDS_WITH_US, workerEnvironment, type WorkerPlace } from "./workerProcess.ts";

/** What a job prints: its result, or the error that ended it. */
export const JobOutput = z.object({
  result: z.unknown().optional(),
  error: ErrorSchema.optional(),
});

/**
 * Runs a job of the worker that prints one JSON document, in a process of its own.
 * @param args the job and its arguments
 * @param input the text on its standard input
 * @returns the job's result
 * @throws UserError with the job's own error
 */
function printedByWorker(
  args: readonly string[],
  { workerPath, nodePath, folder }: WorkerPlace,
  signal: AbortSignal,
  input = "",
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const { stdin } = execFile(
      nodePath,
      [workerPath, ...args, ...ENDS_WITH_US],
      { cwd: folder, maxBuffer: 1 << 28, signal, env: workerEnvironment() },
      (failed, stdout, stderr) => {
        let json: unknown;
        try {
          json = JSON.parse(stdout);
        } catch {
          reject(failed ?? new Error(stderr));
          return;
        }
        const parsed = JobOutput.safeParse(json);
        if (parsed.success && parsed.data.error === undefined) resolve(parsed.data.result);
        else
          reject(
            parsed.data?.error === undefined
              ? new Error(`${failed?.message ?? ""}\n${stderr}`)
              : UserError.of(parsed.data.error),
          );
      },
    );
    // Writing fails if the job ends before it has read everything; its end then says why.
    stdin?.on("error", () => {
      /* reported by the callback above */
    });
    stdin?.end(input);
  });
}

/**
 * Compares runs in a process of its own.
 * @returns a RunComparison
 * @throws UserError with the job's own error
 */
export const compareInWorker = (
  place: WorkerPlace,
  runPaths: readonly string[],
  signal: AbortSignal,
): Promise<unknown> => printedByWorker(["compare", ...runPaths], place, signal);

/**
 * Forecasts what an experiment costs on this machine, by timing a few of its steps.
 * @throws UserError when the experiment cannot be run
 */
export async function forecastInWorker(
  place: WorkerPlace,
  experimentPath: string,
  signal: AbortSignal,
): Promise<Forecast> {
  return Forecast.parse(await printedByWorker(["measure", experimentPath], place, signal));
}

/**
 * Predicts with a run on texts, and explains what each token's offset did. The texts go through standard input:
 * arguments are limited in length, cannot contain NUL, and are visible to other users.
 * @throws UserError when the run has no result
 */
export async function explainInWorker(
  place: WorkerPlace,
  { runPath, texts }: { runPath: string; texts: readonly string[] },
  signal: AbortSignal,
): Promise<Explanation[]> {
  return z.array(Explanation).parse(await printedByWorker(["explain", runPath], place, signal, JSON.stringify(texts)));
}

/**
 * Writes a run's adapter, or its folded model, to a new folder.
 * @throws UserError when it cannot be written
 */
export async function exportInWorker(
  place: WorkerPlace,
  { runPath, out, folded }: { runPath: string; out: string; folded: boolean },
  signal: AbortSignal,
): Promise<void> {
  await printedByWorker(["export", runPath, "--out", out, ...(folded ? ["--folded"] : [])], place, signal);
}

/**
 * Lists models to choose a backbone from.
 * @param text what the names of models on the Hub are searched for; without it, those that are known to work
 * @throws UserError when the Hub cannot be reached
 */
export async function modelsInWorker(
  place: WorkerPlace,
  text: string | undefined,
  signal: AbortSignal,
): Promise<ListedModels> {
  return ListedModels.parse(await printedByWorker(["models", text ?? "-"], place, signal));
}
