import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, chmodSync } from "node:fs";
import { join } from "node:path";

/** How to run a command for which a folder is read-only: the words before it, and how to undo this. */
export interface ReadOnly {
  before: string[];
  leave: () => void;
}

const MOUNT = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && exec "$@"';
const nothing = (): void => {
  /* the mount ends with its process */
};

function everywhere(folder: string, mode: number): void {
  for (const each of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (!each.isSymbolicLink())
      chmodSync(join(each.parentPath, each.name), each.isDirectory() ? mode | 0o555 : mode | 0o444);
  chmodSync(folder, mode | 0o555);
}

/**
 * Makes a folder read-only: by a mount in a namespace of its own, by permissions if they apply to this user, or by the
 * immutable attribute.
 * @returns the reason if none of these is possible
 */
export function readOnly(folder: string): ReadOnly | { reason: string } {
  if (spawnSync("unshare", ["-rm", "sh", "-c", MOUNT, folder, "true"]).status === 0)
    return { before: ["unshare", "-rm", "sh", "-c", MOUNT, folder], leave: nothing };
  if (process.getuid !== undefined && process.getuid() !== 0) {
    everywhere(folder, 0);
    return {
      before: [],
      leave: () => {
        everywhere(folder, 0o200);
      },
    };
  }
  if (spawnSync("chattr", ["-R", "+i", folder]).status === 0)
    return {
      before: [],
      leave: () => {
        execFileSync("chattr", ["-R", "-i", folder]);
      },
    };
  return {
    reason:
      "no namespace with a read-only mount, permissions do not bind root, and the file system has no mark against changes",
  };
}
