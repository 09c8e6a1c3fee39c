import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { after } from "node:test";
import type { Lifetime } from "./lifetime.ts";
import { until } from "./until.ts";

const scripts = join(import.meta.dirname, "cluster");

/** A Slurm cluster of this machine: its controller, nodes and files are a test's own. */
export interface TestCluster {
  /** Where everything of it lies. */
  folder: string;
  /** The environment in which Slurm's commands find it. */
  env: NodeJS.ProcessEnv;
  /** The file in which Slurm notes jobs that have ended. */
  endedPath: string;
  /** Runs one of Slurm's commands. */
  run: (command: string, ...args: string[]) => string;
  /** Has something happen to a node, or to "slurmctld", as test/slurm/cluster/slurm-node.sh says. */
  node: (name: string, what: "kill" | "start" | "crash" | "revive" | "freeze" | "thaw") => void;
}

const isOnPath = (name: string): boolean =>
  (process.env["PATH"] ?? "").split(delimiter).some((folder) => existsSync(join(folder, name)));

/** Why there can be no cluster here; undefined where there can. */
function hindrance(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "a Slurm of its own needs root on Linux";
  return isOnPath("slurmctld") || isOnPath("apt-get") ? undefined : "Slurm is not installed, and there is no apt-get";
}

/** Whether there can be a cluster here; where not, the test is left out, or fails, and says why. */
function isPossible(t: Lifetime): boolean {
  const reason = hindrance();
  if (reason === undefined) return true;
  if (process.env["ADEPT_REQUIRE_SLURM"] === "1") throw new Error(reason);
  t.skip(reason);
  return false;
}

/** Starts a cluster, and says how it is ended. */
function start(options: readonly string[]): TestCluster & { end: () => void } {
  const folder = execFileSync("bash", [join(scripts, "slurm-up.sh"), ...options], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  }).trim();
  const env = { ...process.env, SLURM_CONF: join(folder, "slurm.conf") };
  return {
    folder,
    env,
    endedPath: join(folder, "jobcomp.txt"),
    run: (command, ...args) => execFileSync(command, args, { encoding: "utf8", env }).trim(),
    node: (name, what) => {
      execFileSync("bash", [join(scripts, "slurm-node.sh"), folder, name, what], { stdio: "inherit" });
    },
    end: () => {
      spawnSync("bash", [join(scripts, "slurm-down.sh"), folder]);
    },
  };
}

/**
 * Starts a cluster for a test, which ends with it. Where there can be none, the test is left out and says why; with
 * ADEPT_REQUIRE_SLURM=1 it fails.
 */
export function startCluster(t: Lifetime, ...options: string[]): TestCluster | undefined {
  if (!isPossible(t)) return undefined;
  const cluster = start(options);
  t.after(cluster.end);
  return cluster;
}

/**
 * Starts a cluster for the tests of a file, of which Slurm is not what they are about; it ends with the file.
 * @returns undefined where Slurm is not installed, or there can be no cluster
 */
export function clusterOfFile(...options: string[]): TestCluster | undefined {
  if (hindrance() !== undefined || !isOnPath("slurmctld")) return undefined;
  const cluster = start(options);
  after(cluster.end);
  return cluster;
}

/**
 * A cluster that the tests of a file use one after the other; it ends with the file. Each test finds it without jobs.
 * @returns what gives it to a test, as `startCluster` does
 */
export function sharedCluster(...options: string[]): (t: Lifetime) => TestCluster | undefined {
  let cluster: (TestCluster & { end: () => void }) | undefined;
  after(() => cluster?.end());
  return (t) => {
    if (!isPossible(t)) return undefined;
    const shared = (cluster ??= start(options));
    t.after(async () => {
      shared.run("scancel", "--quiet", "--me");
      await until(() => shared.run("squeue", "-h") === "", "the cluster has no jobs", 60);
    });
    return shared;
  };
}
