import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Tally } from "./tally.ts";
import { ended } from "./workspace.ts";

/**
 * How to get a small disk: a tmpfs in a mount namespace of its own, which ends with its process, else a limit on file
 * sizes.
 */
function way(): { note: string; command: string[]; isDisk: boolean } {
  const isFree = spawnSync("unshare", ["-rm", "sh", "-c", "mount -t tmpfs -o size=64k none /mnt"]).status === 0;
  return isFree
    ? { note: "a tmpfs of 24 MB in a mount namespace of its own", command: ["unshare", "-rm"], isDisk: true }
    : {
        note: "no tmpfs could be mounted: RLIMIT_FSIZE instead, which refuses large files alone",
        command: [],
        isDisk: false,
      };
}

/** Runs the episodes on a small disk that fills, in a process of their own. */
export async function fullDisks({
  seed,
  from,
  count,
  isOver,
}: {
  seed: number;
  from: number;
  count: number;
  isOver: () => boolean;
}): Promise<Tally> {
  const began = performance.now();
  const { note, command, isDisk } = way();
  const folder = mkdtempSync(join(tmpdir(), "adept-full-"));
  const result = join(tmpdir(), `adept-full-${process.pid}.json`);
  const [first = process.execPath, ...rest] = [
    ...command,
    process.execPath,
    "--import",
    "tsx",
    join(import.meta.dirname, "fullDiskEpisodes.ts"),
    folder,
    result,
    String(seed),
    String(from),
    String(count),
    String(isDisk),
  ];
  const child = spawn(first, rest, { stdio: "inherit", cwd: join(import.meta.dirname, "../..") });
  const timer = setInterval(() => {
    if (isOver()) child.kill("SIGTERM");
  }, 1000);
  await ended(child);
  clearInterval(timer);
  try {
    return {
      part: "full",
      ...(JSON.parse(readFileSync(result, "utf8")) as Pick<Tally, "episodes" | "tried" | "findings">),
      seconds: (performance.now() - began) / 1000,
      note,
    };
  } finally {
    for (const each of [folder, result]) rmSync(each, { recursive: true, force: true });
  }
}
