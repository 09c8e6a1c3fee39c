import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { english } from "../../../src/base/phrase.ts";
import { UserError } from "../../../src/base/errors.ts";
import { FAMILIES } from "../../../src/backbone/families.ts";
import { openBackbone } from "../../../src/backbone/openBackbone.ts";
import { relatedType } from "../../../src/backbone/relatedTypes.ts";

/** What is said of a folder with this config.json and nothing else. */
function refusal(config: object): string {
  const folder = mkdtempSync(join(tmpdir(), "adept-unsupported-"));
  try {
    writeFileSync(join(folder, "config.json"), JSON.stringify(config));
    openBackbone(folder);
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    return `${error.message}. ${english(error.actionPhrase ?? "")}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
  throw new Error("it was opened");
}

const TYPES = ["t5", "llama", "mistral", "gemma3_text"];

test("an unknown type is told by what it is, with the type of the most similar architecture", () => {
  const said = relatedType("mixtral", TYPES)!;
  assert.equal(english(said.difference), "it is a mixture of experts");
  assert.equal(said.nearest, "mistral");
  assert.equal(relatedType("gemma3n", TYPES)!.nearest, "gemma3_text");
  assert.equal(relatedType("bert", TYPES)!.nearest, "t5");
  assert.equal(relatedType("phimoe", TYPES)!.nearest, undefined, "a type that nobody can choose is not advised");
  assert.equal(relatedType("lama", TYPES), undefined);
});

test("no type that a family reads is called unsupported", () => {
  for (const type of FAMILIES.flatMap(({ modelTypes }) => modelTypes))
    assert.equal(relatedType(type, TYPES), undefined);
});

test("the refusal of a folder says both, and falls back to the spelling of a type that is not known", () => {
  assert.match(refusal({ model_type: "bart" }), /"bart" is not supported: its encoder .* The nearest is "t5"/s);
  assert.match(refusal({ model_type: "t55" }), /"t55" is not supported\..* The nearest is "t5"/s);
  assert.doesNotMatch(refusal({ model_type: "zebra" }), /nearest/);
});

test("weights that another library quantised are refused before they are looked for, with the way out", () => {
  const refused = (quantization_config: object): string => refusal({ model_type: "t5", quantization_config });
  assert.match(
    refused({ quant_method: "bitsandbytes", load_in_4bit: true, load_in_8bit: false }),
    /quantised to 4 bits by bitsandbytes.*Download the model that it was made from.*"int8"/s,
  );
  assert.match(refused({ load_in_8bit: true }), /to 8 bits by bitsandbytes/);
  assert.match(refused({ quant_method: "gptq", bits: 4, group_size: 128 }), /to 4 bits by GPTQ/);
  assert.match(refused({ quant_method: "awq", bits: 4, version: "gemm" }), /to 4 bits by AWQ/);
  assert.match(refused({ quant_method: "fp8" }), /quantised by fp8/);
});
