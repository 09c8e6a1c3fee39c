import assert from "node:assert/strict";
import { test } from "node:test";
import {
  availableMemory,
  cgroupLeft,
  memAvailable,
  vmStatAvailable,
  type MemorySources,
} from "../../../src/worker/device/availableMemory.ts";
import { freeOf } from "../../../src/worker/device/freeDeviceMemory.ts";

const MEMINFO =
  "MemTotal:       24696036 kB\nMemFree:         1048576 kB\nMemAvailable:    2097152 kB\nSwapFree: 0 kB\n";
const files =
  (all: Record<string, string>) =>
  (path: string): string | undefined =>
    all[path];
const machine = (change: Partial<MemorySources>): MemorySources => ({
  read: () => undefined,
  platform: "linux",
  free: () => 5e9,
  total: () => 16e9,
  vmStat: () => "",
  ...change,
});

test("Linux: available memory is more than free memory", () => {
  assert.equal(memAvailable(MEMINFO), 2 * 2 ** 30);
  assert.equal(memAvailable("MemFree: 5 kB\n"), undefined);
  assert.equal(availableMemory(machine({ read: files({ "/proc/meminfo": MEMINFO }) })), 2 * 2 ** 30);
  assert.equal(availableMemory(machine({})), 5e9, "an old kernel");
});

test("the tightest control group counts, of both versions, without files that were only read", () => {
  const second = {
    "/proc/self/cgroup": "0::/user/job\n",
    "/sys/fs/cgroup/user/job/memory.max": "max\n",
    "/sys/fs/cgroup/user/job/memory.current": "100\n",
    "/sys/fs/cgroup/user/memory.max": "1000\n",
    "/sys/fs/cgroup/user/memory.current": "700\n",
    "/sys/fs/cgroup/user/memory.stat": "anon 500\ninactive_file 150\nactive_file 9\n",
    "/proc/meminfo": MEMINFO,
  };
  assert.equal(cgroupLeft(files(second)), 450);
  assert.equal(availableMemory(machine({ read: files(second) })), 450);
  assert.equal(cgroupLeft(files({ ...second, "/sys/fs/cgroup/user/memory.max": "max" })), undefined);
  assert.equal(cgroupLeft(files({ ...second, "/sys/fs/cgroup/user/memory.current": "2000" })), 0);
  const first = {
    "/proc/self/cgroup": "9:name=systemd:/\n8:cpu,memory:/docker/ab\n",
    "/sys/fs/cgroup/memory/docker/ab/memory.limit_in_bytes": "5000",
    "/sys/fs/cgroup/memory/docker/ab/memory.usage_in_bytes": "1200",
    "/sys/fs/cgroup/memory/docker/ab/memory.stat": "inactive_file 3\ntotal_inactive_file 200\n",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
    "/sys/fs/cgroup/memory/memory.usage_in_bytes": "7",
  };
  assert.equal(cgroupLeft(files(first)), 4000);
  assert.equal(
    cgroupLeft(
      files({
        ...first,
        "/proc/self/cgroup": "8:memory:/../outside\n",
        "/sys/fs/cgroup/memory/outside/memory.limit_in_bytes": "60",
        "/sys/fs/cgroup/memory/outside/memory.usage_in_bytes": "10",
      }),
    ),
    50,
    "no path leads out of the folder of groups",
  );
  assert.equal(cgroupLeft(files({})), undefined);
});

test("macOS: inactive pages count as available", () => {
  const text =
    "Mach Virtual Memory Statistics: (page size of 16384 bytes)\nPages free:                               1000.\nPages active:                           300000.\nPages inactive:                           2000.\nPages speculative:                          30.\nPages purgeable:                             4.\n";
  assert.equal(vmStatAvailable(text), 16384 * 3034);
  assert.equal(vmStatAvailable("nothing"), undefined);
  assert.equal(availableMemory(machine({ platform: "darwin", vmStat: () => text })), 16384 * 3034);
  assert.equal(availableMemory(machine({ platform: "darwin" })), 8e9, "without the tool, half of the machine");
  assert.equal(availableMemory(machine({ platform: "win32" })), 5e9);
});

test("a number in the environment variable replaces the machine's figure; other text is ignored", (t) => {
  t.after(() => {
    delete process.env["ADEPT_MEMORY_AVAILABLE"];
  });
  process.env["ADEPT_MEMORY_AVAILABLE"] = "123";
  assert.equal(availableMemory(machine({})), 123);
  process.env["ADEPT_MEMORY_AVAILABLE"] = "much";
  assert.equal(availableMemory(machine({})), 5e9);
});

test("a device's free memory is that of the GPU that it uses", () => {
  const uses = [
    { index: 0, name: "A", memoryTotal: 100, memoryUsed: 90 },
    { index: 1, name: "B", memoryTotal: 100, memoryUsed: 20 },
    { index: 2, name: "C", memoryTotal: 1000 },
  ];
  assert.equal(freeOf(uses, "cuda", undefined), 10);
  assert.equal(freeOf(uses, "cuda", "1,0"), 80);
  assert.equal(freeOf(uses, "cuda", "GPU-5f"), 80);
  assert.equal(freeOf(uses, "webgpu", undefined), 80);
  assert.equal(freeOf(uses, "cuda", "2"), undefined, "one that does not tell");
  assert.equal(freeOf([], "cuda", undefined), undefined);
});
