import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs, { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { localHolderOf, takeLease } from "../../../src/run/lease/lease.ts";

type Called = (this: void, path: string, ...rest: unknown[]) => unknown;
const NAMES = ["linkSync", "renameSync", "rmSync", "readFileSync"] as const;

/**
 * Runs `work`; before its nth call that touches the folder, runs `others[n]`.
 * @returns the number of such calls
 */
function interleaved(folder: string, others: Readonly<Record<number, () => void>>, work: () => void): number {
  const table = fs as unknown as Record<string, Called>;
  const kept = NAMES.map((name) => table[name]!);
  let calls = 0;
  let isOther = false;
  NAMES.forEach((name, i) => {
    table[name] = (path, ...rest) => {
      const other = !isOther && String(path).startsWith(folder) ? others[calls++] : undefined;
      if (other !== undefined) {
        isOther = true;
        try {
          other();
        } finally {
          isOther = false;
        }
      }
      return kept[i]!(path, ...rest);
    };
  });
  syncBuiltinESMExports();
  try {
    work();
  } finally {
    NAMES.forEach((name, i) => {
      table[name] = kept[i]!;
    });
    syncBuiltinESMExports();
  }
  return calls;
}

test("of three processes that try to take a dead process's lease never two get it, in every interleaving of their steps", () => {
  const third = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  try {
    for (let second = 0, most = 1; second < most; second++)
      for (let last = second; last < most; last++) {
        const folder = mkdtempSync(join(tmpdir(), "adept-lease-"));
        const lease = join(folder, "lease");
        const got: number[] = [];
        const take = (pid: number): void => {
          if (takeLease(lease, pid)) got.push(pid);
        };
        writeFileSync(lease, JSON.stringify({ pid: 2 ** 22 - 1, started: "1" }));
        const others =
          second === last
            ? {
                [second]: () => {
                  take(process.ppid);
                  take(third.pid!);
                },
              }
            : {
                [second]: () => {
                  take(process.ppid);
                },
                [last]: () => {
                  take(third.pid!);
                },
              };
        most = Math.max(
          most,
          interleaved(folder, others, () => {
            take(process.pid);
          }),
        );
        assert.ok(got.length <= 1, `before calls ${second} and ${last}: ${got.length} have it`);
        if (got.length === 1) assert.equal(localHolderOf(lease), got[0]);
        rmSync(folder, { recursive: true });
      }
  } finally {
    third.kill();
  }
});
