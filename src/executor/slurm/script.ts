import type { SlurmRequest } from "../../experiment/executorSpec.ts";
import { signalName } from "./timeSignal.ts";

/** Where the job finds what it runs: all absolute paths on the shared folder. */
export interface ScriptPlaces {
  /** The executable of Node on the machine that submits. */
  nodePath: string;
  /** The worker's bundle in the copy of the runtime. */
  workerPath: string;
  /** The folder of the submission. */
  submission: string;
  /** The workspace folder. */
  folder: string;
}

/** A word for the shell. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** What a job does without Node, and that it says so: exit code of its own, told in the job's log. */
const NO_NODE = 'echo "adept: no Node here; load it in executor.setup" >&2';

/** What a job's script begins with: a shell that such a signal ended, in setup's time, would end the job for good. */
const trapLine = (request: SlurmRequest): string =>
  `trap '' ${["TERM", signalName(request)?.slice("SIG".length)].filter((each) => each !== undefined).join(" ")}`;

/**
 * A job that Slurm starts again goes on writing to the same file: each start tells its number first, by the shell
 * alone, since a node may lack everything else.
 */
const START_LINE =
  'printf \'== restart %s on %s, %(%F %T)T\\n\' "${SLURM_RESTART_COUNT:-0}" "${SLURMD_NODENAME:-$HOSTNAME}" -1 >&2';
const STARTS = /^== restart \d+ on .*\n?/gm;

/** What a job has printed, without the lines by which its script tells of a start. */
export const withoutStarts = (printed: string): string => printed.replace(STARTS, "");

/** What a worker is started with: its own words, of which those that begin with "$" are the shell's. */
type WorkerStart = Omit<ScriptPlaces, "submission"> & {
  words: readonly string[];
  /** Lines before all that the request names. */
  first?: readonly string[];
};

/**
 * A script that runs a worker. The worker takes the place of the shell, so that it gets the signals, and no srun is
 * between, whose variables and launcher differ by version.
 */
export function workerScript(
  request: SlurmRequest,
  { nodePath, workerPath, words, folder, first = [] }: WorkerStart,
): string {
  const { setup = [], container = [] } = request;
  const told = words.map((word) => (word.startsWith("$") ? `"${word}"` : shellWord(word))).join(" ");
  const own = `${shellWord(workerPath)} ${told} --folder ${shellWord(folder)}`;
  const start =
    container.length > 0
      ? [`exec ${container.map(shellWord).join(" ")} node ${own}`]
      : [
          `node=${shellWord(nodePath)}`,
          `[ -x "$node" ] || node=$(command -v node) || { ${NO_NODE}; exit 127; }`,
          `exec "$node" ${own}`,
        ];
  return `${["#!/bin/bash", trapLine(request), ...first, ...setup, "export ELECTRON_RUN_AS_NODE=1", ...start].join("\n")}\n`;
}

/** The script of a submission's job or array. */
export const jobScript = (request: SlurmRequest, { submission, ...places }: ScriptPlaces): string =>
  workerScript(request, {
    ...places,
    first: [START_LINE],
    words: ["task", submission, "${SLURM_ARRAY_TASK_ID:-0}"],
  });

const given = (option: string, value: string | number | undefined): string[] =>
  value === undefined ? [] : [`--${option}=${value}`];

function gpuOption({ gpus, gpuType }: SlurmRequest): string[] {
  if (gpus === undefined || gpus === 0) return [];
  return [`--gres=gpu:${gpuType === undefined ? "" : `${gpuType}:`}${gpus}`];
}

/** The options of sbatch that say what a job gets, without those that make it a submission of ours. */
export function requestOptions(request: SlurmRequest): string[] {
  const { partition, account, qos, time, cpus, memory, constraint, args = [] } = request;
  return [
    ...given("partition", partition),
    ...given("account", account),
    ...given("qos", qos),
    ...given("time", time),
    ...gpuOption(request),
    ...given("cpus-per-task", cpus),
    ...given("mem", memory),
    ...given("constraint", constraint),
    ...args,
  ];
}

/** The value of --array: indices from 0, and how many may be at work at once. */
export const arrayOption = (tasks: number, concurrent = 0): string =>
  `--array=0-${tasks - 1}${concurrent > 0 ? `%${concurrent}` : ""}`;
