import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { phrase } from "../../src/base/phrase.ts";
import type { CausalConfig } from "../../src/backbone/causal/causalConfig.ts";
import { rotated } from "../../src/backbone/causal/rotation.ts";
import { readConfigFile } from "../../src/backbone/configFile.ts";
import { FAMILIES } from "../../src/backbone/families.ts";
import type { Architecture } from "../../src/backbone/family.ts";
import { BackboneWeights } from "../../src/backbone/files/weights.ts";
import { configText } from "../../src/backbone/gguf/configText.ts";
import { ggufConfig } from "../../src/backbone/gguf/ggufConfig.ts";
import { readGguf, type GgufFile } from "../../src/backbone/gguf/ggufFile.ts";
import { ggufTensors } from "../../src/backbone/gguf/ggufTensors.ts";
import { changedDims } from "../../src/backbone/gguf/tensorChange.ts";
import type { StoredTensors } from "../../src/backbone/storedTensors.ts";
import { madeFiles, SMOLLM2_FILE, SMOLLM2_FOLDER, valuesOf } from "./ggufReferences.ts";

// GGUF files as llama.cpp's converter makes them, against the Hugging Face folders that they were made from.
const scratch = mkdtempSync(join(tmpdir(), "adept-gguf-"));
after(() => {
  rmSync(scratch, { recursive: true });
});
/** Its scaling has other bounds than the published ones, so its factors are kept instead. */
const WITH_FACTORS = "llama-factors";

function architectureOf(folder: string, tensors: StoredTensors): Architecture {
  const file = readConfigFile(folder, phrase`none`);
  return FAMILIES.find(({ modelTypes }) => modelTypes.includes(file.modelType!))!.read(file, tensors);
}

/** The architecture by the config that is made from the file. */
function madeArchitecture(file: GgufFile, published: string): Architecture {
  const config = ggufConfig(file);
  const tensors = ggufTensors(file, config);
  writeFileSync(join(scratch, "config.json"), configText(config));
  const generation = "generation_config.json";
  rmSync(join(scratch, generation), { force: true });
  if (existsSync(join(published, generation))) copyFileSync(join(published, generation), join(scratch, generation));
  return architectureOf(scratch, { has: (name) => tensors.has(name), isEqual: () => false });
}

/** The architecture's config without its rotations, and their frequencies. */
function apart({ config }: Architecture): [rest: object, frequencies: Float64Array[]] {
  const { rotations, ...rest } = config as CausalConfig;
  return [rest, rotations.map((each) => rotated(each, 100).frequencies)];
}

function isSame(file: GgufFile, folder: string, name: string): void {
  const published = architectureOf(folder, BackboneWeights.open(folder));
  const made = madeArchitecture(file, folder);
  assert.deepEqual(made.layout, published.layout, name);
  if (name !== WITH_FACTORS) {
    assert.deepEqual(made.config, published.config, name);
    return;
  }
  const [[rest, frequencies], [right, rightFrequencies]] = [apart(made), apart(published)];
  assert.deepEqual(rest, right);
  frequencies.forEach((each, i) =>
    each.forEach((frequency, pair) => assert.ok(Math.abs(frequency / rightFrequencies[i]![pair]! - 1) < 1e-6)),
  );
}

/** Every tensor that the model needs has the folder's values, bit for bit. */
function holds(file: GgufFile, folder: string, values: string): void {
  const weights = BackboneWeights.open(values);
  const { layout, storedAs = (name) => name } = architectureOf(folder, weights);
  const tensors = ggufTensors(file, ggufConfig(file));
  const names = layout.weights.map(({ name }) => storedAs(name));
  assert.deepEqual([...tensors.keys()].sort(), [...names].sort());
  for (const { name, dims } of layout.weights) {
    const found = tensors.get(storedAs(name))!;
    assert.deepEqual(changedDims(found.change, found.tensor.dims), dims, name);
    const [own, right] = [valuesOf(found), weights.read(storedAs(name), dims)];
    const bytes = ({ buffer, byteOffset, byteLength }: Float32Array): Buffer =>
      Buffer.from(buffer, byteOffset, byteLength);
    assert.ok(bytes(own).equals(bytes(right)), `${name} in ${file.path}`);
  }
}

const files = madeFiles();

test("the config of a GGUF file gives the architecture of the published config.json, in every architecture", () => {
  const models = new Set(files.map(({ model }) => model));
  assert.ok(models.size >= 20, `${models.size} models`);
  for (const { file, folder, model } of files) isSame(readGguf(file), folder, model);
});

test("the tensors of a GGUF file, changed back, are the folder's, in every architecture and type", () => {
  const types = new Set(files.map(({ type }) => type));
  assert.deepEqual([...types].sort(), ["F32", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"]);
  for (const { file, folder, values } of files) holds(readGguf(file), folder, values);
});

test("SmolLM2's own GGUF file gives the architecture and the tensors of its folder", () => {
  const file = readGguf(SMOLLM2_FILE);
  isSame(file, SMOLLM2_FOLDER, "smollm2");
  holds(file, SMOLLM2_FOLDER, SMOLLM2_FOLDER);
});
