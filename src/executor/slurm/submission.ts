import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { RunId } from "../../base/identifiers.ts";
import { makeFolder, writeFileAtomic } from "../../base/files/atomicFile.ts";
import { boundedText } from "../../base/files/boundedFile.ts";
import { SlurmDefaults } from "../../experiment/executorSpec.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { slurmFolder, submissionFolder } from "./slurmPlaces.ts";

const MOST_BYTES = 20_000_000;

/** A run of a submission. */
const Task = z.object({
  run: RunId,
  start: z.number().int().describe("the number of the start that the task makes"),
  from: z.number().describe("the step of the checkpoint that it begins from"),
  fruitless: z.number().int().describe("jobs of the run in succession, before this one, that came no step further"),
});
export type Task = z.infer<typeof Task>;

/** What a submission is to be; written before sbatch is called, and never changed. */
const Intent = z.object({
  madeAt: z.number(),
  runsDir: z.string(),
  request: SlurmDefaults,
  tasks: z.array(Task).min(1).describe("by their index in the array"),
});
export type Intent = z.infer<typeof Intent>;

/** The job that a submission has become, or that it has become none. */
const Outcome = z.union([z.object({ job: z.string() }), z.object({ refused: z.string() })]);
type Outcome = z.infer<typeof Outcome>;

/** What a run knows of its last submission. */
const Pointer = z.object({ submission: z.string().regex(/^[\w-]{1,100}$/), index: z.number().int().nonnegative() });
export type Pointer = z.infer<typeof Pointer>;

/** Reads a JSON file of ours; undefined where it is missing or damaged. */
function readJson<T>(path: string, schema: z.ZodType<T>): T | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return schema.parse(JSON.parse(boundedText(path, MOST_BYTES)));
  } catch {
    return undefined;
  }
}

/** One call of sbatch: a job array, or one job. Its folder has all that a start needs, also a second one. */
export class SubmissionFolder {
  readonly path: string;

  constructor(
    runsDir: string,
    readonly id: string,
  ) {
    this.path = submissionFolder(runsDir, id);
  }

  /** Makes the folder with what is meant, and the script. */
  static make(runsDir: string, id: string, intent: Intent): SubmissionFolder {
    const made = new SubmissionFolder(runsDir, id);
    makeFolder(made.path);
    writeFileAtomic(join(made.path, "intent.json"), JSON.stringify(intent));
    return made;
  }

  /** What the submission is to be; undefined where the file is damaged. */
  intent(): Intent | undefined {
    return readJson(join(this.path, "intent.json"), Intent);
  }
  outcome(): Outcome | undefined {
    return readJson(join(this.path, "outcome.json"), Outcome);
  }
  setOutcome(outcome: Outcome): void {
    writeFileAtomic(join(this.path, "outcome.json"), JSON.stringify(outcome));
  }
  /** Keeps the script for whoever wants to see what was submitted; Slurm has a copy of its own. */
  keepScript(script: string): void {
    writeFileAtomic(join(this.path, "script.sh"), script);
  }
  /** The file with the output of a task; "%a" stands for every one. */
  logPath(index: number | "%a"): string {
    return join(this.path, `${index}.log`);
  }
}

/** The submissions of which it is not known yet whether they have become a job. */
export function openSubmissions(runsDir: string): SubmissionFolder[] {
  const folder = slurmFolder(runsDir);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names
    .filter((name) => existsSync(join(folder, name, "intent.json")) && !existsSync(join(folder, name, "outcome.json")))
    .map((name) => new SubmissionFolder(runsDir, name));
}

const pointerPath = (run: RunDirectory): string => join(run.path, "slurm.json");

/** The last submission of a run; undefined where it was never submitted. */
export const pointerOf = (run: RunDirectory): Pointer | undefined => readJson(pointerPath(run), Pointer);

/** Says in a run's folder which submission is its last. */
export const setPointer = (run: RunDirectory, pointer: Pointer): void => {
  writeFileAtomic(pointerPath(run), JSON.stringify(pointer));
};

/** Makes a run forget its last submission, so that whatever becomes of it counts no more. */
export const dropPointer = (run: RunDirectory): void => {
  rmSync(pointerPath(run), { force: true });
};

/** The name of a task in Slurm's comments and in what is seen. */
export const taskName = ({ submission, index }: Pointer): string => `${submission}/${index}`;
