import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SlurmWorkspace } from "./slurmWorkspace.ts";
import type { TestCluster } from "./testCluster.ts";

/**
 * Puts a program before one of Slurm's commands, for calls in the returned environment.
 * @param body shell lines; $real is Slurm's own command, $done a file that is there from its second call on
 */
export function otherCommand(
  workspace: SlurmWorkspace,
  cluster: TestCluster,
  { name, body }: { name: string; body: string },
): NodeJS.ProcessEnv {
  const folder = join(workspace.folder, "bin");
  mkdirSync(folder, { recursive: true });
  const lines = ["#!/bin/bash", `real=${cluster.run("which", name)}`, `done='${join(folder, `${name}.done`)}'`, body];
  writeFileSync(join(folder, name), `${lines.join("\n")}\n`);
  chmodSync(join(folder, name), 0o755);
  return { PATH: `${folder}:${process.env["PATH"] ?? ""}` };
}

/** Does something else once, instead of the first call of sbatch that submits. */
export const onceInsteadOfSbatch = (workspace: SlurmWorkspace, cluster: TestCluster, once: string): NodeJS.ProcessEnv =>
  otherCommand(workspace, cluster, {
    name: "sbatch",
    body: `case " $* " in *" --test-only "*) exec $real "$@" ;; esac
if [ -e "$done" ]; then exec $real "$@"; fi
touch "$done"
${once}`,
  });

/** Counts the calls of a command. */
export function countedCommand(
  workspace: SlurmWorkspace,
  cluster: TestCluster,
  name: string,
): { env: NodeJS.ProcessEnv; calls: () => number } {
  const log = join(workspace.folder, `${name}.calls`);
  const env = otherCommand(workspace, cluster, { name, body: `echo x >> '${log}'\nexec $real "$@"` });
  return { env, calls: () => (existsSync(log) ? readFileSync(log, "utf8").split("\n").length - 1 : 0) };
}
