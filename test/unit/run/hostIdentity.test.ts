import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, mock, test } from "node:test";
import { dropLease, holderOf, isHeld, isOwnLease, localHolderOf, takeLease } from "../../../src/run/lease/lease.ts";
import { whereIs, ownHostIdentity } from "../../../src/run/lease/hostIdentity.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-machine-"));
const lease = join(folder, "lease");
after(() => {
  rmSync(folder, { recursive: true });
});
const own = ownHostIdentity();
const minutes = (count: number): Date => new Date(Date.now() - count * 60_000);
/** Writes a lease of this process as another machine would have written it. */
function leaseFrom(machine: object | undefined, age = 0): void {
  rmSync(lease, { force: true });
  assert.ok(takeLease(lease, process.pid));
  const { machine: _, ...process_ } = JSON.parse(readFileSync(lease, "utf8")) as { machine: object };
  dropLease(lease);
  writeFileSync(lease, JSON.stringify({ ...process_, ...(machine !== undefined && { machine }) }));
  utimesSync(lease, minutes(age), minutes(age));
}

test('a process is "here" if ids have the same meaning, "gone" if its machine has rebooted, and else "elsewhere"', () => {
  const here = { host: "linux:a", boot: "b1", space: "s1" };
  assert.equal(whereIs(here, here), "here");
  assert.equal(whereIs({ ...here, host: "linux:renamed" }, here), "here", "one kernel, one space: a name may change");
  assert.equal(whereIs({ ...here, space: "s2" }, here), "elsewhere", "a container on this machine");
  assert.equal(whereIs({ ...here, boot: "b0" }, here), "gone");
  assert.equal(whereIs({ ...here, boot: "b0", space: "s9" }, here), "gone");
  assert.equal(whereIs({ host: "linux:b", boot: "b2", space: "s1" }, here), "elsewhere");
  assert.equal(whereIs({ host: "win32:a", boot: "", space: "" }, here), "elsewhere", "Windows around its Linux");
  const mac = { host: "darwin:m", boot: "", space: "" };
  assert.equal(whereIs(mac, mac), "here");
  assert.equal(whereIs({ ...mac, host: "darwin:n" }, mac), "elsewhere");
});

test("a lease of another machine is held while it is touched, names no process to signal, and expires without touches", () => {
  const elsewhere = { host: "linux:node-7", boot: "another", space: "pid:[1]" };
  leaseFrom(elsewhere, 5);
  assert.deepEqual(
    [holderOf(lease), localHolderOf(lease), isHeld(lease), isOwnLease(lease)],
    [{ host: "node-7" }, undefined, true, false],
  );
  assert.equal(takeLease(lease, process.pid), false);
  dropLease(lease);
  assert.ok(existsSync(lease), "nobody gives back what is another's");
  leaseFrom(elsewhere, 11);
  assert.equal(isHeld(lease), false);
  assert.equal(takeLease(lease, process.pid), true);
  assert.deepEqual([holderOf(lease), isOwnLease(lease)], [{ pid: process.pid }, true]);
  dropLease(lease);
  assert.ok(!existsSync(lease));
});

test("a lease from before this machine's reboot is free at once; one of an older version counts by its process alone", () => {
  leaseFrom({ ...own, boot: "before" });
  assert.equal(isHeld(lease), process.platform !== "linux");
  leaseFrom(undefined);
  assert.equal(localHolderOf(lease), process.pid);
  leaseFrom({ host: 7 });
  assert.equal(isHeld(lease), false, "a damaged one is nobody's");
  rmSync(lease);
});

test("the holder touches its lease until it gives it back, and never one that another process has taken over", () => {
  mock.timers.enable({ apis: ["setInterval"] });
  try {
    const old = (): void => {
      utimesSync(lease, minutes(30), minutes(30));
    };
    const age = (): number => Date.now() - statSync(lease).mtimeMs;
    assert.ok(takeLease(lease, process.pid));
    old();
    mock.timers.tick(30_000);
    assert.ok(age() < 60_000);
    writeFileSync(lease, JSON.stringify({ pid: 1, started: "1", machine: { host: "linux:b", boot: "c", space: "d" } }));
    old();
    mock.timers.tick(90_000);
    assert.ok(age() > 60_000);
    dropLease(lease);
    assert.ok(existsSync(lease));
  } finally {
    mock.timers.reset();
    rmSync(lease);
  }
});
