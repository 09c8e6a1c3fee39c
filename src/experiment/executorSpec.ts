import * as z from "zod";
import { MOST_CONCURRENT } from "./concurrent.ts";

/** Where runs can be trained: on this machine, or as jobs of a Slurm cluster. */
export const EXECUTORS = ["local", "slurm"] as const;
/** The name of an executor. */
export type ExecutorKind = (typeof EXECUTORS)[number];

/** The largest number of lines of `setup`, of words of `container`, and of arguments in `args`. */
const MOST_ITEMS = 100;
/** A name that Slurm knows, such as that of a partition. */
const name = z.string().refine((text) => /^[^\s\p{Cc}]{1,300}$/u.test(text), "is not one word");
const count = z.number().int().positive().max(1_000_000);
const lines = z.array(z.string().min(1).max(4096)).max(MOST_ITEMS);

/** What a job asks of Slurm. Whatever is not given, the cluster decides. */
const SlurmFields = {
  partition: name.optional().describe("Partition; several with commas"),
  account: name.optional().describe("Account that the time is charged to"),
  qos: name.optional().describe("Quality of service"),
  time: z
    .string()
    .refine((text) => /^(\d+-)?\d+(:\d+){0,2}$/.test(text), 'is no time, such as "8:00:00" or "2-12:00:00"')
    .optional()
    .describe('Time limit of a run: minutes, "hours:minutes:seconds" or "days-hours:minutes:seconds"'),
  gpus: z.number().int().nonnegative().max(64).optional().describe("Graphics processors of a run"),
  gpuType: name.optional().describe('Type of graphics processor as the cluster names it, such as "a100"'),
  cpus: count.optional().describe("Processor cores of a run, which are its threads"),
  memory: z
    .string()
    .refine((text) => /^\d+[KMGT]?$/i.test(text), 'is no size, such as "16G"')
    .optional()
    .describe('Main memory of a run, such as "16G"; a number alone is in megabytes'),
  constraint: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .describe("Features that the node must have; the same bits are promised on one kind of processor"),
  concurrent: z
    .number()
    .int()
    .nonnegative()
    .max(MOST_CONCURRENT)
    .optional()
    .describe("Runs of a sweep that are at work at once; 0 (default): as many as the cluster allows"),
  array: z.boolean().optional().describe("Whether the runs of a sweep are one job array (default), or a job each"),
  setup: lines.optional().describe('Lines of the job\'s script before the worker, such as "module load nodejs/20"'),
  container: lines.optional().describe('Words before the worker, such as "apptainer", "exec", "--nv", "lab.sif"'),
  signal: z
    .string()
    .refine(
      (text) => /^([A-Z][A-Z0-9]+@[1-9]\d{0,5}|none)$/.test(text),
      'is no signal with seconds, such as "USR1@120"',
    )
    .optional()
    .describe(
      'Signal that Slurm sends before the time limit, and seconds before it; "none": none (default: "USR1@120")',
    ),
  requeue: z
    .boolean()
    .optional()
    .describe("Whether Slurm starts a run again whose node failed or that was preempted (default)"),
  args: lines.optional().describe('More arguments of sbatch, last and as they are, such as "--exclude=n7"'),
};

/** Each key of what a job asks of Slurm: a group's defaults have these, and an experiment's executor too. */
export const SlurmDefaults = z.strictObject(SlurmFields);
/** What a job asks of Slurm. */
export type SlurmRequest = z.output<typeof SlurmDefaults>;

const Fields = z.strictObject({
  kind: z.enum(EXECUTORS).describe('"local": on this machine; "slurm": as jobs of the cluster that this machine is of'),
  ...SlurmFields,
});
/**
 * An executor in an experiment file; its name alone is one without settings. Settings of a cluster may stand beside
 * the kind "local", so that changing the kind alone brings a run home and sends it back.
 */
export const ExecutorInput = z.preprocess((given) => (typeof given === "string" ? { kind: given } : given), Fields);
/** Where a run is trained, and what it asks for there. */
export type ExecutorSpec = z.output<typeof Fields>;

/** The kind of executor of an experiment: this machine, unless it says another. */
export const executorKind = ({ executor }: { executor?: ExecutorSpec | undefined }): ExecutorKind =>
  executor?.kind ?? "local";
