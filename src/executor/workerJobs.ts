import { execFile } from "node:child_process";
import * as z from "zod";
import { UserError } from "../base/errors.ts";
import { Explanation } from "../protocol/explanation.ts";
import { Forecast } from "../protocol/setupQuestions.ts";
import { type WorkerPlace, ENDS_WITH_US } from "./workerProcess.ts";

export const Printed = z.object({
  result: z.unknown().optional(),
  error: z.object({ message: z.string(), action: z.string().optional() }).optional(),
});

/**
 * Runs a job that prints one JSON document in a process of its own.
 * @param input what it reads
 * @throws UserError with what the job says of its failure
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
      { cwd: folder, maxBuffer: 1 << 28, signal, env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" } },
      (failed, stdout, stderr) => {
        let json: unknown;
        try {
          json = JSON.parse(stdout);
        } catch {
          reject(failed ?? new Error(stderr));
          return;
        }
        const parsed = Printed.safeParse(json);
        if (parsed.success && parsed.data.error === undefined) resolve(parsed.data.result);
        else
          reject(
            parsed.data?.error === undefined
              ? new Error(`${failed?.message ?? ""}\n${stderr}`)
              : new UserError(parsed.data.error.message, parsed.data.error.action),
          );
      },
    );
    // One that ends before it has read all says why itself.
    stdin?.on("error", () => {
      /* see its end */
    });
    stdin?.end(input);
  });
}

/**
 * Compares runs in a process of its own.
 * @returns what it found: a RunComparison
 * @throws UserError with what the job says of its failure
 */
export const compareInWorker = (
  place: WorkerPlace,
  runPaths: readonly string[],
  signal: AbortSignal,
): Promise<unknown> => printedByWorker(["compare", ...runPaths], place, signal);

/** What an experiment will cost on this machine, by a few of its own steps. @throws UserError where it cannot be run */
export async function forecastInWorker(
  place: WorkerPlace,
  experimentPath: string,
  signal: AbortSignal,
): Promise<Forecast> {
  return Forecast.parse(await printedByWorker(["measure", experimentPath], place, signal));
}

/**
 * Predictions of a run on texts, with what each token's offset did. Texts go by its input: arguments have an end, know
 * no NUL, and are seen by all.
 * @throws UserError where the run has no result
 */
export async function explainInWorker(
  place: WorkerPlace,
  { runPath, texts }: { runPath: string; texts: readonly string[] },
  signal: AbortSignal,
): Promise<Explanation[]> {
  return z.array(Explanation).parse(await printedByWorker(["explain", runPath], place, signal, JSON.stringify(texts)));
}

/**
 * Writes a run's adapter, or its folded model, to a folder that is not there yet.
 * @throws UserError where it cannot be
 */
export async function exportInWorker(
  place: WorkerPlace,
  { runPath, out, folded }: { runPath: string; out: string; folded: boolean },
  signal: AbortSignal,
): Promise<void> {
  await printedByWorker(["export", runPath, "--out", out, ...(folded ? ["--folded"] : [])], place, signal);
}
