import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { GpuWatch } from "../../../src/worker/train/gpuWatch.ts";
import { parseGpuUse } from "../../../src/worker/device/nvidiaSmi.ts";

const MIB = 1024 * 1024;

test("nvidia-smi's lines give memory in bytes and utilisation from 0 to 1; values that a driver does not report are left out", () => {
  assert.deepEqual(parseGpuUse("0, NVIDIA H100 80GB HBM3, 12288, 81559, 87\n1, NVIDIA A10, 0, 23028, 0\n"), [
    { index: 0, name: "NVIDIA H100 80GB HBM3", memoryUsed: 12288 * MIB, memoryTotal: 81559 * MIB, utilisation: 0.87 },
    { index: 1, name: "NVIDIA A10", memoryUsed: 0, memoryTotal: 23028 * MIB, utilisation: 0 },
  ]);
  assert.deepEqual(parseGpuUse("0, NVIDIA GB10, [N/A], [Not Supported], 5\r\n"), [
    { index: 0, name: "NVIDIA GB10", utilisation: 0.05 },
  ]);
  assert.deepEqual(parseGpuUse("2, Card, with a comma, 1, 2, 3"), [
    { index: 2, name: "Card, with a comma", memoryUsed: MIB, memoryTotal: 2 * MIB, utilisation: 0.03 },
  ]);
  assert.deepEqual(
    parseGpuUse("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n\n"),
    [],
  );
  assert.equal(parseGpuUse(Array.from({ length: 40 }, (_, i) => `${i}, X, 1, 2, 3`).join("\n")).length, 16);
});

const until = async (done: () => boolean): Promise<void> => {
  for (const end = Date.now() + 10_000; !done(); await new Promise((resolve) => setTimeout(resolve, 10)))
    if (Date.now() > end) throw new Error("it did not happen");
};

test(
  "it is read for devices that may be a graphics processor alone; a tool that is missing is asked once",
  { skip: process.platform === "win32" },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "adept-smi-"));
    const tool = join(folder, "smi");
    const asked = join(folder, "asked");
    try {
      writeFileSync(tool, `#!/bin/sh\necho "$@" >> "${asked}"\necho "0, Card, 5, 10, 50"\n`);
      chmodSync(tool, 0o755);
      const idle = new GpuWatch(tool);
      idle.watch("cpu");
      assert.equal(idle.read(), undefined);
      assert.ok(!existsSync(asked), "not spawned for the processor");
      const watch = new GpuWatch(tool);
      watch.watch("cuda");
      await until(() => watch.read() !== undefined);
      assert.deepEqual(watch.read(), [
        { index: 0, name: "Card", memoryUsed: 5 * MIB, memoryTotal: 10 * MIB, utilisation: 0.5 },
      ]);
      const missing = new GpuWatch(join(folder, "none"));
      missing.watch("webgpu");
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.equal(missing.read(), undefined);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
