import { phrase, type Phrase } from "../../base/phrase.ts";

/** A limit that Slurm names, of the QOS or the account. */
const NAMED_LIMIT = /\b(?:QOS|Assoc)(?:Max|Min|Grp)\w+/;
/** Of the named limits those of the number of jobs. The others are of one job's size, and it never fits. */
const OF_NUMBER = /Submit|MaxJobs|GrpJobs/;
/** What Slurm says where a user has as many jobs as may be, so that fewer, or the same ones later, may be taken. */
const FULL = /Job violates accounting\/QOS policy|job submit limit|exceeds? .*limit|MaxJobCount|unavailable/i;

/** Whether sbatch takes a job later that it refuses now. */
export function isFull(told: string): boolean {
  const named = NAMED_LIMIT.exec(told)?.[0];
  return named === undefined ? FULL.test(told) : OF_NUMBER.test(named);
}

/** Whether sbatch says that no node has what a job asks for, or none at the moment. */
export const isAboutNodes = (told: string): boolean => /node configuration is not available/i.test(told);

/** What helps against what sbatch says, the first that fits. */
const REMEDIES: readonly (readonly [RegExp, Phrase])[] = [
  // A QOS with DenyOnLimit refuses what another lets wait for ever; Slurm's sentence after it speaks of all limits.
  [/\b(QOS|Assoc)\w*Wall/, phrase`Give executor.time less: your account or QOS allows no more.`],
  [
    /\b(QOS|Assoc)Min/,
    phrase`Ask for what your QOS wants at least (executor.cpus, memory, gpus); sacctmgr show qos lists it.`,
  ],
  [
    /\b(QOS|Assoc)(Max|Grp)/,
    phrase`Ask for less (executor.cpus, memory, gpus): your account or QOS allows no more in a job.`,
  ],
  [/invalid partition/i, phrase`Name another executor.partition; sinfo lists them.`],
  [
    /invalid account|account\/partition combination/i,
    phrase`Name another executor.account, or partition; sacctmgr show associations user=$USER lists yours.`,
  ],
  [/invalid qos/i, phrase`Name another executor.qos; sacctmgr show associations user=$USER lists yours.`],
  [
    /invalid generic resource|\bgres\b/i,
    phrase`Change executor.gpus or executor.gpuType, or give --gres in executor.args; sinfo -o "%P %G" lists what there is.`,
  ],
  [/invalid feature/i, phrase`Change executor.constraint; sinfo -o "%P %f" lists the features.`],
  [
    /memory specification|node configuration|node count|cpu count|more processors/i,
    phrase`Ask for less (executor.memory, cpus, gpus), or for another partition; sinfo -o "%P %c %m %G" lists what nodes have.`,
  ],
  [/time limit/i, phrase`Give another executor.time; sinfo -o "%P %l" lists the longest.`],
  [/invalid job array/i, phrase`Set executor.array to false.`],
  [
    /unrecognized option|invalid option|invalid argument/i,
    phrase`Correct executor.args; man sbatch lists the options.`,
  ],
];
const OTHERWISE = phrase`Change executor in the experiment file; man sbatch says what its words mean.`;

/** What helps against a refusal of sbatch. */
export const remedyOf = (told: string): Phrase => REMEDIES.find(([says]) => says.test(told))?.[1] ?? OTHERWISE;

/** Reasons for which a job waits until a person changes something, with what helps. */
const NEVER: readonly (readonly [RegExp, Phrase])[] = [
  [/^PartitionTimeLimit$/, phrase`Give executor.time less than the partition's limit, or name another partition.`],
  [/^(PartitionConfig|PartitionNodeLimit)$/, phrase`The partition has no such nodes: ask for less, or name another.`],
  [/^BadConstraints$/, phrase`No node has what it asks for: change executor.constraint, memory, cpus or gpus.`],
  [/^DependencyNeverSatisfied$/, phrase`Stop the run and resume it.`],
  [/^JobHeldAdmin$/, phrase`An administrator holds it: ask why.`],
  [
    /launch[ _]failed[ _]requeued[ _]held/i,
    phrase`Slurm could not start it, and holds it: scontrol release lets it go; its node may need an administrator.`,
  ],
  [
    /^(JobHeldUser|JobHoldMaxRequeue)$|requeued[ _]in[ _]held[ _]state/i,
    phrase`It is held: scontrol release lets it go.`,
  ],
  [/^AccountNotAllowed$/, phrase`Name another executor.account, or partition.`],
  [/^QOSNotAllowed$/, phrase`Name another executor.qos, or partition.`],
  [/^(QOS|Assoc)MaxWall/, phrase`Give executor.time less: your account or QOS allows no more.`],
  [
    /^(QOS|Assoc)Max(Cpu|CPU|Mem|Memory|Gres|GRES|Node)\w*PerJob/,
    phrase`Ask for less (executor.cpus, memory, gpus): your account or QOS allows no more in a job.`,
  ],
];

/**
 * What helps a job that never starts by itself; undefined where it will.
 * @param word Slurm's word for why it waits
 */
export const neverStarts = (word: string): Phrase | undefined => NEVER.find(([says]) => says.test(word))?.[1];
