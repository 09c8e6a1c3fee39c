import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readSafetensors } from "../../src/backbone/files/safetensors.ts";
import { ours, relativeDifference, type MethodGolden } from "./methodGolden.ts";
import { golden, readJson, withGoldens } from "./shared.ts";

/** Chromium's software driver, which Dawn takes; it is slow, and as exact as any. */
const SOFTWARE_DRIVER = "/usr/lib/chromium/vk_swiftshader_icd.json";
const LOADER = ["/usr/lib/x86_64-linux-gnu/libvulkan.so.1", "/usr/lib/aarch64-linux-gnu/libvulkan.so.1"];
const REQUIRED = process.env["ADEPT_REQUIRE_WEBGPU"] === "1";
const hasDriver = existsSync(SOFTWARE_DRIVER) && LOADER.some((path) => existsSync(path));
const CASES = ["t5v10-tiny", "t5v11-tiny"].flatMap((model) =>
  ["adept", "dept", "pt"].map((name) => `${model}/${name}`),
);
const NEAR_TIE = 1e-3;

interface Computed {
  model: string;
  name: string;
  device: string;
  loss: number;
  gradients: Record<string, number[]>;
  generated: number[][];
}

function computed(): Computed[] {
  const runtime = mkdtempSync(join(tmpdir(), "adept-webgpu-"));
  try {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ["--import", "tsx", join(import.meta.dirname, "webgpuSide.ts"), ...CASES],
      {
        encoding: "utf8",
        maxBuffer: 1 << 28,
        env: { ...process.env, VK_ICD_FILENAMES: SOFTWARE_DRIVER, XDG_RUNTIME_DIR: runtime },
      },
    );
    assert.equal(status, 0, stderr);
    return stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Computed);
  } finally {
    rmSync(runtime, { recursive: true, force: true });
  }
}

withGoldens("WebGPU", () => {
  test(
    "WebGPU: loss, every gradient and greedy ids are PyTorch's",
    { skip: hasDriver || REQUIRED ? false : "no software driver: install chromium and libvulkan1" },
    async (t) => {
      assert.ok(hasDriver, "ADEPT_REQUIRE_WEBGPU is set, and chromium's software driver or libvulkan1 is missing");
      const all = computed();
      assert.deepEqual(
        all.map(({ model, name }) => `${model}/${name}`),
        CASES,
      );
      for (const { model, name, device, loss, gradients, generated } of all) {
        await t.test(`${model} ${name}`, () => {
          const at = ["methods", model, name];
          const json = readJson<MethodGolden>(...at, "golden.json");
          const expected = readSafetensors(golden(...at, "grads.safetensors"));
          assert.equal(device, "onnxruntime WebGPU");
          assert.ok(Math.abs(loss / json.loss - 1) < 1e-5, `loss ${loss} for ${json.loss}`);
          assert.deepEqual(Object.keys(gradients).sort(), [...expected.keys()].map(ours).sort());
          for (const [key, { data }] of expected)
            assert.ok(
              relativeDifference(gradients[ours(key)]!, data) < 1e-4,
              `gradient of ${key}: ${relativeDifference(gradients[ours(key)]!, data)}`,
            );
          json.greedy!.new_tokens.forEach((ids, row) => {
            const tie = json.greedy!.margins_top1_top2[row]!.findIndex((margin) => margin < NEAR_TIE);
            const end = tie < 0 ? undefined : tie;
            assert.deepEqual(generated[row]!.slice(0, end), ids.slice(0, end));
          });
        });
      }
    },
  );
});
