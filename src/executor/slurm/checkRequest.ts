import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import type { SlurmRequest } from "../../experiment/executorSpec.ts";
import { isAboutNodes } from "./refusal.ts";
import { testOnly } from "./sbatch.ts";
import { slurmCommand } from "./slurmCommand.ts";

/** What nodes of a kind have. */
export interface NodeKind {
  partition: string;
  /** Whether jobs that name no partition come there. */
  isDefault: boolean;
  cores: number;
  /** In MB, as Slurm counts them. */
  memory: number;
  features: readonly string[];
  /** Whether they take jobs: not those that are drained or down. */
  isUp: boolean;
}

const COLUMNS = "%P|%c|%m|%f|%T";
const UP = /^(idle|mixed|allocated|completing|planned)/;

/** Reads the answer of `sinfo -h -e -o` with COLUMNS; "+" after a number means at least so much. */
export function readNodeKinds(text: string): NodeKind[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [name = "", cores = "", memory = "", features = "", state = ""] = line.trim().split("|");
      return {
        partition: name.replace(/\*$/, ""),
        isDefault: name.endsWith("*"),
        cores: Number.parseInt(cores, 10),
        memory: Number.parseInt(memory, 10),
        features: features.split(","),
        isUp: UP.test(state),
      };
    });
}

const MB_OF = { K: 1 / 1024, M: 1, G: 1024, T: 1024 * 1024 } as const;

/** A size such as "16G" in MB. */
function megabytes(size: string): number {
  const unit = size.slice(-1).toUpperCase();
  return Number.parseInt(size, 10) * (unit in MB_OF ? MB_OF[unit as keyof typeof MB_OF] : 1);
}

/** The nodes that a request may come to, those with its cores and memory, and of these those with its feature. */
function fitting(kinds: readonly NodeKind[], request: SlurmRequest): Record<"there" | "roomy" | "fit", NodeKind[]> {
  const named = request.partition?.split(",");
  const there = kinds.filter(({ partition, isDefault }) => named?.includes(partition) ?? isDefault);
  const roomy = there.filter(
    ({ cores, memory }) => cores >= (request.cpus ?? 1) && memory >= megabytes(request.memory ?? "0"),
  );
  // An expression of several features is left to Slurm.
  const feature = /^[\w.-]+$/.test(request.constraint ?? "") ? request.constraint : undefined;
  return { there, roomy, fit: roomy.filter(({ features }) => feature === undefined || features.includes(feature)) };
}

/** What no node of the partitions that a request may come to has; undefined where some node has all of it. */
export function lackingIn(kinds: readonly NodeKind[], request: SlurmRequest): "size" | "feature" | undefined {
  const { there, roomy, fit } = fitting(kinds, request);
  // A partition that is not known here is Slurm's to judge.
  if (there.length === 0 || fit.length > 0) return undefined;
  return roomy.length === 0 ? "size" : "feature";
}

/** Whether a node that takes no jobs at the moment has what a request asks for. */
export const fitsNodeAway = (kinds: readonly NodeKind[], request: SlurmRequest): boolean =>
  fitting(kinds, request).fit.some(({ isUp }) => !isUp);

const askNodes = async (): Promise<NodeKind[]> =>
  readNodeKinds(await slurmCommand("sinfo", ["-h", "-e", "-o", COLUMNS]));

/**
 * Holds a request against what nodes have. Slurm looks at a user's limits before it looks at nodes: at a limit it does
 * not say that a job could never start.
 * @throws UserError where no node has what is asked for, or as `slurmCommand`
 */
async function checkAgainstNodes(request: SlurmRequest): Promise<void> {
  // Whatever else is given to sbatch may change what it asks for.
  if ((request.args ?? []).length > 0) return;
  const lacking = lackingIn(await askNodes(), request);
  if (lacking === "feature")
    throw new UserError(
      "slurm-no-feature",
      phrase`No node with the memory and cores that a run asks for has the feature ${request.constraint!}`,
      phrase`Change executor.constraint; sinfo -o "%P %f" lists the features.`,
    );
  if (lacking === "size")
    throw new UserError(
      "slurm-no-node",
      phrase`No node there has the memory and cores that a run asks for`,
      phrase`Ask for less (executor.memory, cpus, gpus), or for another partition; sinfo -o "%P %c %m %G" lists what nodes have.`,
    );
}

/**
 * Asks Slurm whether it would take a job, now or later.
 * @throws UserError when it would refuse it, or as `slurmCommand`
 */
export async function checkRequest(request: SlurmRequest): Promise<void> {
  try {
    await testOnly(request);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // What Slurm does not take at the moment waits here.
    if (error.code === "slurm-full") await checkAgainstNodes(request);
    // Nodes that are drained count as not there where Slurm is only asked; a job that is meant waits for them.
    else if (!isAboutNodes(error.message) || !fitsNodeAway(await askNodes(), request)) throw error;
  }
}
