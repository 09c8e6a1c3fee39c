import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { canMount, folderFor, mountLikeNfs } from "./networkMounts.ts";
import type { TestCluster } from "./testCluster.ts";

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
 * Mounts a folder for this machine and for nodes. Where that cannot be, the test is left out and says why.
 * @param skew as for `mountLikeNfs`
 */
export async function networkFolder(
  t: TestContext,
  cluster: TestCluster,
  { nodes, skew }: { nodes: readonly string[]; skew: number },
): Promise<NetworkFolder | undefined> {
  if (!canMount(t)) return undefined;
  if (!existsSync(join(cluster.folder, "isolated"))) {
    t.skip("nodes have no mounts of their own here");
    return undefined;
  }
  const server = folderFor("server");
  const path = folderFor("mount");
  const inNodes = nodes.map((node) => ({ path, inside: ["nsenter", "-t", firstOf(cluster, node), "-m"] }));
  await mountLikeNfs(t, server, [{ path }, ...inNodes], skew);
  return { path, server };
}
