import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { freemem, platform, totalmem } from "node:os";
import { join } from "node:path";

/** Where the operating system reports memory; tests replace it. */
export interface MemorySources {
  read: (path: string) => string | undefined;
  platform: NodeJS.Platform;
  free: () => number;
  total: () => number;
  vmStat: () => string;
}

const here: MemorySources = {
  read: (path) => {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return undefined;
    }
  },
  platform: platform(),
  free: freemem,
  total: totalmem,
  vmStat: () => {
    try {
      return execFileSync("vm_stat", { encoding: "utf8", timeout: 4000 });
    } catch {
      return "";
    }
  },
};

const KIB = 1024;
/** A control group's number in bytes; a group without a limit has the word "max", or a number beyond any machine. */
const numberIn = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d+$/.test(text.trim()) ? Number(text) : undefined;

/** Bytes that new work can use without swapping, as Linux estimates them (MemAvailable of /proc/meminfo). */
export function memAvailable(meminfo: string): number | undefined {
  const found = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1];
  return found === undefined ? undefined : Number(found) * KIB;
}

/** The folders of a control group and of its ancestors, innermost first; paths are as in /proc/self/cgroup. */
function groupsUp(root: string, path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "" && part !== "..");
  return Array.from({ length: parts.length + 1 }, (_, i) => join(root, ...parts.slice(0, parts.length - i)));
}

/**
 * What a control group has left: its limit minus its use. Cached file pages can be reclaimed, so they do not count as
 * used.
 */
function leftIn(
  folder: string,
  names: { limit: string; used: string; inactive: RegExp },
  read: MemorySources["read"],
): number | undefined {
  const limit = numberIn(read(join(folder, names.limit)));
  const used = numberIn(read(join(folder, names.used)));
  if (limit === undefined || used === undefined) return undefined;
  const inactive = Number(names.inactive.exec(read(join(folder, "memory.stat")) ?? "")?.[1] ?? 0);
  return Math.max(0, limit - Math.max(0, used - inactive));
}

/** What the control groups of this process leave it, of version 2 or 1; undefined without a limit. */
export function cgroupLeft(read: MemorySources["read"]): number | undefined {
  const lines = (read("/proc/self/cgroup") ?? "").split("\n");
  const second = lines.find((line) => line.startsWith("0::"))?.slice(3);
  const first = lines.find((line) => /^\d+:[^:]*\bmemory\b[^:]*:/.test(line))?.replace(/^\d+:[^:]*:/, "");
  const left = [
    ...(second === undefined
      ? []
      : groupsUp("/sys/fs/cgroup", second).map((folder) =>
          leftIn(folder, { limit: "memory.max", used: "memory.current", inactive: /^inactive_file (\d+)$/m }, read),
        )),
    ...(first === undefined
      ? []
      : groupsUp("/sys/fs/cgroup/memory", first).map((folder) =>
          leftIn(
            folder,
            { limit: "memory.limit_in_bytes", used: "memory.usage_in_bytes", inactive: /^total_inactive_file (\d+)$/m },
            read,
          ),
        )),
  ].filter((bytes) => bytes !== undefined);
  return left.length === 0 ? undefined : Math.min(...left);
}

/**
 * Bytes available on macOS, from vm_stat. Free pages alone would be too few: pages that were read from files stay
 * "inactive" until they are needed, so those that can be reclaimed at once count too.
 */
export function vmStatAvailable(text: string): number | undefined {
  const page = Number(/page size of (\d+) bytes/.exec(text)?.[1] ?? NaN);
  const pages = (name: string): number =>
    Number(new RegExp(`^Pages ${name}:\\s+(\\d+)\\.`, "m").exec(text)?.[1] ?? NaN);
  const bytes = page * (pages("free") + pages("inactive") + pages("speculative") + pages("purgeable"));
  return Number.isFinite(bytes) ? bytes : undefined;
}

/**
 * Bytes that this process can still use. ADEPT_MEMORY_AVAILABLE, a number of bytes, replaces the machine's figure, for
 * tests.
 */
export function availableMemory(sources: MemorySources = here): number {
  const named = numberIn(process.env["ADEPT_MEMORY_AVAILABLE"]);
  if (named !== undefined) return named;
  if (sources.platform === "darwin") return vmStatAvailable(sources.vmStat()) ?? sources.total() / 2;
  if (sources.platform !== "linux") return sources.free();
  return Math.min(
    memAvailable(sources.read("/proc/meminfo") ?? "") ?? sources.free(),
    cgroupLeft(sources.read) ?? Infinity,
  );
}
