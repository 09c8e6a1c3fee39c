import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { until } from "./until.ts";

const NFS_LIKE = join(import.meta.dirname, "cluster/nfs-like.py");

/** Where a folder is mounted, and the command that runs inside of the mounts of the machine that mounts it. */
export interface Mount {
  readonly path: string;
  readonly inside?: readonly string[];
}

/** Makes a folder to mount, or to mount at; `mountLikeNfs` removes it after the test. */
export const folderFor = (use: "server" | "mount"): string => mkdtempSync(join(tmpdir(), `adept-${use}-`));

/**
 * Mounts a folder as test/slurm/cluster/nfs-like.py does: each mount has the caches of a network file system's client
 * of its own. All folders are removed after the test.
 * @param server the folder on its server, where everything is seen at once
 * @param skew seconds that the server's clock is ahead; the times of files are its own
 */
export async function mountLikeNfs(t: TestContext, server: string, mounts: readonly Mount[], skew = 0): Promise<void> {
  const servers = mounts.map(({ path, inside = [] }) => {
    const command = [...inside, "/usr/bin/python3", NFS_LIKE, server, path, `--skew=${skew}`];
    return spawn(command[0]!, command.slice(1), { stdio: ["ignore", "inherit", "inherit"] });
  });
  t.after(() => {
    for (const each of servers) each.kill("SIGKILL");
    for (const { path } of mounts) spawnSync("umount", ["--lazy", path]);
    for (const path of [server, ...mounts.map((mount) => mount.path)]) rmSync(path, { recursive: true, force: true });
  });
  const isMounted = ({ path, inside = [] }: Mount): boolean => {
    const command = [...inside, "stat", "--file-system", "--format=%T", path];
    return spawnSync(command[0]!, command.slice(1), { encoding: "utf8" }).stdout.startsWith("fuse");
  };
  await until(() => mounts.every(isMounted), "every machine has the mount", 30);
}

/** Whether folders can be mounted here; where not, the test is left out and says why, or fails where CI asks for it. */
export function canMount(t: TestContext): boolean {
  if (existsSync("/dev/fuse") && process.getuid?.() === 0) return true;
  if (process.env["ADEPT_REQUIRE_SLURM"] === "1" && existsSync("/dev/fuse")) throw new Error("mounts need root");
  t.skip("there is no FUSE here, or this is not root");
  return false;
}
