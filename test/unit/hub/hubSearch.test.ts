import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { searchModels } from "../../../src/hub/hubSearch.ts";

/** A Hub on this machine that answers every request with these models. */
async function hub(t: TestContext, models: unknown): Promise<{ endpoint: string; asked: URL[] }> {
  const asked: URL[] = [];
  const server = createServer((request, response) => {
    asked.push(new URL(request.url ?? "", "http://hub"));
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(models));
  });
  await new Promise<void>((done) => {
    server.listen(0, "127.0.0.1", done);
  });
  t.after(() => server.close());
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const MODELS = [
  {
    id: "owner/llama",
    downloads: 12,
    gated: "manual",
    tags: ["safetensors", "license:apache-2.0"],
    safetensors: { parameters: { BF16: 5 }, total: 5 },
    config: { architectures: ["LlamaForCausalLM"], model_type: "llama" },
  },
  { id: "owner/bert", config: { model_type: "bert" } },
  { id: "owner/llama-awq", config: { model_type: "llama", quantization_config: { quant_method: "awq" } } },
  { id: "owner/plain", gated: false, config: { model_type: "t5" } },
  { id: "owner/none" },
  { broken: true },
];

test("a search asks for safetensors and keeps models of the wanted types whose weights are not quantised", async (t) => {
  const { endpoint, asked } = await hub(t, MODELS);
  const place = { endpoint, token: undefined, signal: new AbortController().signal };
  assert.deepEqual(await searchModels(place, "a & b", ["llama", "t5"]), [
    { name: "owner/llama", modelType: "llama", downloads: 12, parameters: 5, licence: "apache-2.0", gated: true },
    { name: "owner/plain", modelType: "t5", downloads: 0, parameters: undefined, licence: undefined, gated: false },
  ]);
  const [url] = asked;
  assert.equal(url!.pathname, "/api/models");
  assert.equal(url!.searchParams.get("search"), "a & b");
  assert.equal(url!.searchParams.get("filter"), "safetensors");
  assert.ok(url!.searchParams.getAll("expand[]").includes("config"));
});

test("an answer that is no list of models is told", async (t) => {
  const { endpoint } = await hub(t, { error: "no" });
  const place = { endpoint, token: undefined, signal: new AbortController().signal };
  await assert.rejects(searchModels(place, "x", ["t5"]), /did not answer as the Hub does/);
});
