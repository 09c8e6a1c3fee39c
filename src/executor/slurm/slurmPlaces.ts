import { dirname, join } from "node:path";

/** The folder beside the runs in which everything about their jobs lies. */
export const slurmFolder = (runsDir: string): string => join(dirname(runsDir), "slurm");

/** The file with a group's defaults of what jobs ask for. */
export const groupDefaultsPath = (runsDir: string): string => join(dirname(runsDir), "slurm.json");

/** The last answer of squeue, which all processes share. */
export const seenPath = (runsDir: string): string => join(slurmFolder(runsDir), "seen.json");

/** The lease of the process that asks squeue. */
export const askingLease = (runsDir: string): string => join(slurmFolder(runsDir), "asking.lease");
/** The lease of the process that submits. */
export const submittingLease = (runsDir: string): string => join(slurmFolder(runsDir), "submitting.lease");

/** A file that is there while runs wait here because Slurm takes no more. */
export const restPath = (runsDir: string): string => join(slurmFolder(runsDir), "rest");

/** The folder of one submission. */
export const submissionFolder = (runsDir: string, id: string): string => join(slurmFolder(runsDir), id);
