import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openBackbone } from "../../src/backbone/openBackbone.ts";
import { readSafetensors } from "../../src/backbone/files/safetensors.ts";
import { loadAdapter, saveAdapter } from "../../src/adapter/adapterFolder.ts";
import { MethodInput } from "../../src/method/methodSpec.ts";
import { methodOf } from "../../src/method/registry.ts";
import { LocalModel } from "../../src/model/localModel.ts";
import { CPU } from "./engines.ts";
import { GOLDENS, openMethodGolden, relativeDifference } from "./methodGolden.ts";
import { golden, withGoldens } from "./shared.ts";

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "adept-peft-golden-"));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

const layoutOf = (model: string) => openBackbone(golden("models", model)).layout;

/** A folder that PEFT wrote. */
type Written = [model: string, method: string, folder: string];
const FOLDERS = GOLDENS.flatMap(([model, method]) =>
  ["peft", "peft-two-submodules"]
    .filter((name) => existsSync(golden("methods", model, method, name)))
    .map((name): Written => [model, method, name]),
);

async function logitsAreTheirs([model, method, folder]: Written): Promise<void> {
  const { spec, sizes, parameters } = loadAdapter(golden("methods", model, method, folder), layoutOf(model));
  const { batch, outputs, tuned: other } = openMethodGolden(model, method);
  const tuned = LocalModel.open({
    folder: golden("models", model),
    method: spec,
    sizes,
    engine: CPU,
  });
  const { logits } = await tuned.forward(parameters, batch);
  assert.ok(relativeDifference(logits.data, outputs().logits) < 1e-4);
  await other.release();
  await tuned.release();
}

const configIn = (folder: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(folder, "adapter_config.json"), "utf8")) as Record<string, unknown>;
const sorted = (value: unknown): unknown => (Array.isArray(value) ? value.map(String).sort() : value);

function folderIsTheirs(t: TestContext, [model, method, folder]: Written): void {
  const theirs = golden("methods", model, method, folder);
  const layout = layoutOf(model);
  const own = temporary(t);
  saveAdapter(own, loadAdapter(theirs, layout), { backbone: model, layout });
  const tensors = (from: string) =>
    [...readSafetensors(join(from, "adapter_model.safetensors"))].sort(([a], [b]) => (a < b ? -1 : 1));
  assert.deepEqual(tensors(own), tensors(theirs));
  const expected = configIn(theirs);
  for (const [key, value] of Object.entries(configIn(own)))
    // How the prompt began is not in the tensors.
    if (key !== "prompt_tuning_init") assert.deepEqual(sorted(value), sorted(expected[key]), key);
}

function defaultsAreTheirs(t: TestContext, [model, method, folder]: Written): void {
  const layout = layoutOf(model);
  const spec = MethodInput.parse({ kind: method });
  const theirs = golden("methods", model, method, folder);
  const { sizes, parameters } = loadAdapter(theirs, layout);
  const tensors = methodOf(method).tensors({ spec, sizes, layout });
  assert.deepEqual(
    tensors.map(({ name, sizes: dims }) => [name, dims]),
    [...parameters.values()].map(({ name, dims }) => [name, dims]),
  );
  const own = temporary(t);
  saveAdapter(own, { spec, sizes, parameters }, { backbone: model, layout });
  assert.deepEqual(sorted(configIn(own)["target_modules"]), sorted(configIn(theirs)["target_modules"]));
}

withGoldens("PEFT folders", () => {
  for (const written of FOLDERS) {
    const [model, method, folder] = written;
    test(`${model} ${method}/${folder}: a folder that PEFT wrote gives PEFT's logits`, () => logitsAreTheirs(written));
    if (folder !== "peft") continue;
    test(`${model} ${method}: our folder has PEFT's tensors to the bit, and says what PEFT's says`, (t) => {
      folderIsTheirs(t, written);
    });
    if (method === "pt") continue;
    test(`${model} ${method}: without targets it changes the layers that PEFT changes`, (t) => {
      defaultsAreTheirs(t, written);
    });
  }

  test("an adapter of another task or backbone is refused with what it was trained on", () => {
    const refused = (adapter: string[], model: string, message: RegExp): void => {
      assert.throws(() => loadAdapter(golden("methods", ...adapter), layoutOf(model)), message);
    };
    refused(
      ["t5v10-tiny", "lora", "peft"],
      "llama-tiny",
      /task_type is SEQ_2_SEQ_LM, the backbone's is CAUSAL_LM: it was trained on t5v10-tiny/,
    );
    refused(["llama-tiny", "pt", "peft"], "t5v10-tiny", /task_type is CAUSAL_LM, the backbone's is SEQ_2_SEQ_LM/);
    refused(["llama-tiny", "lora", "peft"], "llama3-tiny", /tensor ".*lora_A.*" has shape \(4, 32\), .*\(4, 40\)/);
  });
});
