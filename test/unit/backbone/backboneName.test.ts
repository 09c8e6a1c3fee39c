import assert from "node:assert/strict";
import { test } from "node:test";
import { backboneName } from "../../../src/backbone/backboneName.ts";

test("a backbone is called by the last part of its path, a snapshot of the Hub by its model", () => {
  assert.equal(backboneName("tiny-t5"), "tiny-t5");
  assert.equal(backboneName("/models/Llama-3-8B/"), "Llama-3-8B");
  assert.equal(backboneName("C:\\models\\Qwen2.5-0.5B-Q4_K_M.gguf"), "Qwen2.5-0.5B-Q4_K_M.gguf");
  const hub = "/home/me/.cache/huggingface/hub/models--HuggingFaceTB--SmolLM2-135M/snapshots";
  assert.equal(backboneName(`${hub}/93efa2f097d58c2a74874c7e644dbc9b0cee75a2`), "SmolLM2-135M");
  assert.equal(backboneName("models--gpt2\\snapshots\\607a30d783df"), "gpt2");
  assert.equal(backboneName("/models--a--b/other/snapshots"), "snapshots");
});
