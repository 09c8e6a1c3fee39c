import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/**
 * Identifies where a process runs, to tell whether its process id can be looked up from another process. The names of
 * the fields are those of the lease file.
 */
export interface HostIdentity {
  /** The platform and the name of the machine, "linux:name". */
  readonly host: string;
  /** The id of the kernel's boot; empty if the system has none. */
  readonly boot: string;
  /** The namespace of its process ids, which differs in a container; empty if the system has none. */
  readonly space: string;
}

/**
 * The machine's name for messages.
 * @param host as in `HostIdentity`
 */
export const hostDisplayName = (host: string): string => host.slice(host.indexOf(":") + 1);

function readOrEmpty(read: () => string): string {
  try {
    return read().trim();
  } catch {
    return "";
  }
}

let own: HostIdentity | undefined;

/**
 * Returns the identity of this process's host. The platform is part of it, because Windows and the Linux inside it
 * (WSL) share one name.
 */
export function ownHostIdentity(): HostIdentity {
  own ??= {
    host: `${process.platform}:${hostname()}`,
    boot: readOrEmpty(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
    space: readOrEmpty(() => readlinkSync("/proc/self/ns/pid")),
  };
  return own;
}

/**
 * Tells where a process is, seen from this one: "here" if its id can be looked up, "gone" if its machine has rebooted
 * since, "elsewhere" if it is on another machine or in another container.
 */
export function whereIs(there: HostIdentity, here = ownHostIdentity()): "here" | "gone" | "elsewhere" {
  if (there.boot === here.boot && here.boot !== "") return there.space === here.space ? "here" : "elsewhere";
  if (there.host !== here.host) return "elsewhere";
  return there.boot === here.boot ? "here" : "gone";
}
