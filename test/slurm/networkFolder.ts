import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { TestCluster } from "./testCluster.ts";
import { until } from "./until.ts";

const NFS_LIKE = join(import.meta.dirname, "cluster/nfs-like.py");

/** The first process of a node, in whose mounts its jobs live. */
function firstOf(cluster: TestCluster, node: string): string {
  const [pid] = readFileSync(join(cluster.folder, "pids", node), "utf8").split(" ");
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ")[0]!;
}

/** A folder that this machine and each node see at one path, each through its own network file system's caches. */
export interface NetworkFolder {
  path: string;
  /** The same folder on its server, where everything is seen at once. */
  server: string;
}

/**
 * Mounts a folder as test/slurm/cluster/nfs-like.py does. Where the kernel has no FUSE, or nodes have no mounts of
 * their own, the test is left out and says why.
 */
export async function networkFolder(
  t: TestContext,
  cluster: TestCluster,
  nodes: readonly string[],
): Promise<NetworkFolder | undefined> {
  if (!existsSync("/dev/fuse") || !existsSync(join(cluster.folder, "isolated"))) {
    t.skip("there is no FUSE here, or nodes have no mounts of their own");
    return undefined;
  }
  const [server, path] = ["server", "mount"].map((name) => mkdtempSync(join(tmpdir(), `adept-${name}-`))) as [
    string,
    string,
  ];
  const places = [[], ...nodes.map((node) => ["nsenter", "-t", firstOf(cluster, node), "-m"])];
  const mounts = places.map((inside) => {
    const [command, ...args] = [...inside, "/usr/bin/python3", NFS_LIKE, server, path];
    return spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
  });
  t.after(() => {
    for (const mount of mounts) mount.kill("SIGKILL");
    spawnSync("umount", ["--lazy", path]);
    for (const each of [path, server]) rmSync(each, { recursive: true, force: true });
  });
  const inside = (place: readonly string[]): boolean => {
    const [command, ...args] = [...place, "stat", "--file-system", "--format=%T", path];
    return spawnSync(command, args, { encoding: "utf8" }).stdout.startsWith("fuse");
  };
  await until(() => places.every(inside) && statSync(path).isDirectory(), "every machine has the mount", 30);
  return { path, server };
}
