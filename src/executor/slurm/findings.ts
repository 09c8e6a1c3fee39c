import { hostname } from "node:os";
import { UserError } from "../../base/errors.ts";
import { clusterJob } from "../../record/clusterJob.ts";
import { clusterLimits } from "./limits.ts";
import { fileSystemOf } from "./sharedFolder.ts";
import { slurmCommand } from "./slurmCommand.ts";

import { askQueue } from "./squeue.ts";

/** One thing that was found out of a cluster; `fix`: what helps where it is not as it should be. */
export interface ClusterFinding {
  what: string;
  ok: boolean;
  detail: string;
  fix?: string;
}

async function found(what: string, look: () => string | Promise<string>): Promise<ClusterFinding> {
  try {
    return { what, ok: true, detail: await look() };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { what, ok: false, detail: error.message, ...(error.action !== undefined && { fix: error.action }) };
  }
}

async function controller(): Promise<string> {
  const started = performance.now();
  const ours = (await askQueue()).length;
  return `answers in ${Math.round(performance.now() - started)} ms; ${ours} jobs of adept are known to it`;
}

/** Partitions with what a job may have there; the default one is marked by Slurm with an asterisk. */
async function partitions(): Promise<string> {
  const columns = "%P|%a|%l|%D|%c|%m|%G";
  const lines = (await slurmCommand("sinfo", ["-h", "-o", columns])).split("\n").filter((line) => line !== "");
  return lines
    .map((line) => {
      const [name, state, time, nodes, cores, memory, gres] = line.trim().split("|");
      const gpus = gres === "(null)" || gres === "" ? "" : `, ${gres}`;
      return `${name} (${state}, at most ${time}, ${nodes} nodes of ${cores} cores and ${memory} MB${gpus})`;
    })
    .join("; ");
}

/** Accounts and QOS of this user; empty where the cluster has no accounting. */
async function accounts(): Promise<string> {
  const format = ["-n", "--parsable2", "format=account,qos,maxsubmitjobs"];
  const user = process.env["USER"] ?? process.env["LOGNAME"] ?? "root";
  const text = await slurmCommand("sacctmgr", ["show", "associations", `user=${user}`, ...format]);
  const lines = [...new Set(text.split("\n").filter((line) => line !== ""))];
  if (lines.length === 0) return "none is known for this user";
  return lines
    .map((line) => {
      const [account, qos, most] = line.split("|");
      return `${account} (QOS ${qos === "" ? "as the account's" : qos}${most === "" ? "" : `, at most ${most} jobs`})`;
    })
    .join("; ");
}

async function limits(): Promise<string> {
  const { maxArraySize, killWait, preemptMode, requeue, accounting } = await clusterLimits();
  return [
    `arrays of at most ${maxArraySize} runs`,
    `KillWait ${killWait} s`,
    `PreemptMode ${preemptMode}`,
    `jobs ${requeue ? "are" : "are not"} started again by default`,
    accounting ? "accounting is on" : "no accounting (not needed)",
  ].join(", ");
}

function place(): ClusterFinding {
  const job = clusterJob(process.env);
  const detail = job === undefined ? `${hostname()} is no job: a login node` : `${hostname()}, inside job ${job.id}`;
  return { what: "Slurm: this machine", ok: true, detail };
}

function folderFinding(folder: string): ClusterFinding {
  const { name, isShared } = fileSystemOf(folder);
  return {
    what: "Slurm: folder",
    ok: isShared,
    detail: `${folder} is on ${name}${isShared ? "" : ", which is this machine's own"}`,
    ...(!isShared && { fix: "work in a folder that every node sees at the same path (NFS, Lustre, GPFS)" }),
  };
}

/** What can be said of the cluster that this machine is of; of a machine without Slurm, that it has none. */
export async function clusterFindings(folder: string): Promise<ClusterFinding[]> {
  try {
    const version = (await slurmCommand("sbatch", ["--version"])).trim();
    return [
      { what: "Slurm", ok: true, detail: version },
      await found("Slurm: controller", controller),
      await found("Slurm: partitions", partitions),
      await found("Slurm: limits", limits),
      await found("Slurm: accounts", async () =>
        (await clusterLimits()).accounting ? accounts() : "no accounting: none is needed",
      ),
      place(),
      folderFinding(folder),
    ];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [{ what: "Slurm", ok: true, detail: "none here" }];
  }
}
