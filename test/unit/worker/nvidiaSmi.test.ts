import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { AMD, GpuWatch, NVIDIA } from "../../../src/worker/train/gpuWatch.ts";
import { parseRocmUse } from "../../../src/worker/device/rocmSmi.ts";
import { parseGpuUse } from "../../../src/worker/device/nvidiaSmi.ts";

const MIB = 1024 * 1024;

test("nvidia-smi's lines give memory in bytes, utilisation from 0 to 1 and temperature; values that a driver does not report are left out", () => {
  assert.deepEqual(parseGpuUse("0, NVIDIA H100 80GB HBM3, 12288, 81559, 87, 64\n1, NVIDIA A10, 0, 23028, 0, 31\n"), [
    {
      index: 0,
      name: "NVIDIA H100 80GB HBM3",
      memoryUsed: 12288 * MIB,
      memoryTotal: 81559 * MIB,
      utilisation: 0.87,
      temperature: 64,
    },
    { index: 1, name: "NVIDIA A10", memoryUsed: 0, memoryTotal: 23028 * MIB, utilisation: 0, temperature: 31 },
  ]);
  assert.deepEqual(parseGpuUse("0, NVIDIA GB10, [N/A], [Not Supported], 5, [N/A]\r\n"), [
    { index: 0, name: "NVIDIA GB10", utilisation: 0.05 },
  ]);
  assert.deepEqual(parseGpuUse("2, Card, with a comma, 1, 2, 3, 40"), [
    { index: 2, name: "Card, with a comma", memoryUsed: MIB, memoryTotal: 2 * MIB, utilisation: 0.03, temperature: 40 },
  ]);
  assert.deepEqual(
    parseGpuUse("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n\n"),
    [],
  );
  assert.equal(parseGpuUse(Array.from({ length: 40 }, (_, i) => `${i}, X, 1, 2, 3, 4`).join("\n")).length, 16);
});

test("rocm-smi's JSON gives the same of AMD's GPUs; names that differ between its versions, and what is not there, are no trouble", () => {
  const card = {
    "Temperature (Sensor edge) (C)": "47.0",
    "GPU use (%)": "12",
    "VRAM Total Memory (B)": "17163091968",
    "VRAM Total Used Memory (B)": "482263040",
  };
  const said = { card0: { ...card, "Card Series": "Radeon RX 7900 XT" }, system: { "Driver version": "6.8" } };
  const use = { index: 0, memoryUsed: 482263040, memoryTotal: 17163091968, utilisation: 0.12, temperature: 47 };
  assert.deepEqual(parseRocmUse(`WARNING: AMD GPU device(s)\n${JSON.stringify(said)}\n`), [
    { ...use, name: "Radeon RX 7900 XT" },
  ]);
  const large = {
    "Card series": "Instinct MI300X",
    "Temperature (Sensor edge) (C)": "N/A",
    "Temperature (Sensor junction) (C)": "51.0",
  };
  assert.deepEqual(parseRocmUse(JSON.stringify({ card1: large })), [
    { index: 1, name: "Instinct MI300X", temperature: 51 },
  ]);
  for (const wrong of ["", "no GPU", "{", "[]", '{"card0": 3}', "null"])
    assert.deepEqual(parseRocmUse(wrong), [], wrong);
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
      writeFileSync(tool, `#!/bin/sh\necho "$@" >> "${asked}"\necho "0, Card, 5, 10, 50, 60"\n`);
      chmodSync(tool, 0o755);
      const nvidia = { ...NVIDIA, program: tool };
      const idle = new GpuWatch([nvidia]);
      idle.watch({ device: "cpu" });
      idle.watch({ device: "torch", torchDevice: "cpu" });
      assert.equal(idle.read(), undefined);
      assert.ok(!existsSync(asked), "not spawned for the processor");
      const watch = new GpuWatch([nvidia]);
      watch.watch({ device: "torch", torchDevice: "cuda:1" });
      await until(() => watch.read() !== undefined);
      assert.deepEqual(watch.read(), [
        { index: 0, name: "Card", memoryUsed: 5 * MIB, memoryTotal: 10 * MIB, utilisation: 0.5, temperature: 60 },
      ]);
      const missing = new GpuWatch([{ ...NVIDIA, program: join(folder, "none") }]);
      missing.watch({ device: "webgpu" });
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.equal(missing.read(), undefined);
      const rocm = join(folder, "rocm");
      writeFileSync(rocm, `#!/bin/sh\necho '{"card0": {"GPU use (%)": "7"}}'\n`);
      chmodSync(rocm, 0o755);
      const other = new GpuWatch([
        { ...NVIDIA, program: join(folder, "none") },
        { ...AMD, program: rocm },
      ]);
      other.watch({ device: "torch" });
      await until(() => other.read() !== undefined);
      assert.deepEqual(other.read(), [{ index: 0, name: "AMD GPU", utilisation: 0.07 }], "the next program is asked");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
