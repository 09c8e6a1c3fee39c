import { execFile } from "node:child_process";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { isFull, remedyOf } from "./refusal.ts";

/** How long (ms) a command may take; Slurm itself gives up after its MessageTimeout, 10 s by default. */
const PATIENCE = 60_000;
const MOST_OUTPUT = 1 << 26;
/** Characters of what a command says that a message quotes. */
const LONGEST = 500;

/** Variables that change what Slurm's commands do, or that a job would inherit from the job that submits it. */
const OF_A_JOB = /^(SLURM_|SLURMD_|SBATCH_|SQUEUE_|SCANCEL_|SALLOC_|SRUN_|PMI|PMIX)/;
const KEPT = ["SLURM_CONF"];

/** An environment without what belongs to a job, or changes the output of Slurm's commands. */
export const withoutJob = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => KEPT.includes(name) || !OF_A_JOB.test(name)));

/** What Slurm says when its controller is away or hung; what was asked may have been done all the same. */
const AWAY = /Unable to contact slurm controller|Socket timed out|Connection (refused|timed out)|Zero Bytes|Transport/i;

const shortened = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

function explained(command: string, error: NodeJS.ErrnoException & { killed?: boolean }, stderr: string): Error {
  if (error.code === "ENOENT")
    return new UserError(
      "slurm-missing",
      phrase`This machine has no command ${command}: it is no login node of a Slurm cluster`,
      phrase`Start it on a login node, or train here: --set executor.kind=local`,
    );
  if (error.killed === true || AWAY.test(stderr))
    return new UserError(
      "slurm-away",
      phrase`Slurm's controller does not answer (${command}: ${shortened(stderr.trim())})`,
      phrase`Runs that were submitted go on without it; try again later.`,
    );
  if (isFull(stderr))
    return new UserError(
      "slurm-full",
      phrase`Slurm takes no more of your jobs at the moment (${command}: ${shortened(stderr.trim())})`,
      phrase`What is left waits here; adept queue start submits it.`,
    );
  const told = shortened(stderr.trim() || error.message);
  return new UserError("slurm-refused", phrase`${command} refused: ${told}`, remedyOf(told));
}

/**
 * Runs one of Slurm's commands in an environment without variables of jobs.
 * @param input the text on its standard input
 * @returns its standard output
 * @throws UserError "slurm-missing" without the command, "slurm-away" when the controller does not answer,
 * "slurm-full" where it is about the number of jobs, "slurm-refused" for whatever else the command says
 */
export function slurmCommand(
  command: string,
  args: readonly string[],
  { input, patience = PATIENCE }: { input?: string; patience?: number } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const { stdin } = execFile(
      command,
      args,
      { env: withoutJob(process.env), maxBuffer: MOST_OUTPUT, timeout: patience, killSignal: "SIGKILL" },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(explained(command, error as NodeJS.ErrnoException, stderr));
      },
    );
    // A command that ends before it has read everything says why by its exit.
    stdin?.on("error", () => {
      /* reported by the callback above */
    });
    stdin?.end(input ?? "");
  });
}
