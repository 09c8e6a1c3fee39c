import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/**
 * Where a process runs, as far as it tells whether another can look for it by its number. `boot`: of its kernel;
 * `space`: of its process numbers, another in a container. Both are empty where the system does not say.
 */
export interface HostIdentity {
  readonly host: string;
  readonly boot: string;
  readonly space: string;
}

/** The name of a machine, for a message. */
export const hostDisplayName = (host: string): string => host.slice(host.indexOf(":") + 1);

function told(read: () => string): string {
  try {
    return read().trim();
  } catch {
    return "";
  }
}

let own: HostIdentity | undefined;

/** This process's own. Windows and the Linux inside it have one name: the system is a part of it. */
export function ownHostIdentity(): HostIdentity {
  own ??= {
    host: `${process.platform}:${hostname()}`,
    boot: told(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
    space: told(() => readlinkSync("/proc/self/ns/pid")),
  };
  return own;
}

/**
 * Where a process is, seen from here: to be looked for by its number, on a machine that was started anew since and so
 * gone, or out of sight.
 */
export function whereIs(there: HostIdentity, here = ownHostIdentity()): "here" | "gone" | "elsewhere" {
  if (there.boot === here.boot && here.boot !== "") return there.space === here.space ? "here" : "elsewhere";
  if (there.host !== here.host) return "elsewhere";
  return there.boot === here.boot ? "here" : "gone";
}
