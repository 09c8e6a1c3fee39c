import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { UserError } from "../../../src/base/errors.ts";
import { readExperiment } from "../../../src/experiment/readExperiment.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-experiment-"));
after(() => {
  rmSync(folder, { recursive: true });
});
const path = join(folder, "x.adept.json");
const read = (text: string, overrides: string[] = []): ReturnType<typeof readExperiment> => {
  writeFileSync(path, text);
  return readExperiment(path, overrides);
};
const refuses = (text: string, ...words: RegExp[]): void => {
  assert.throws(
    () => read(text),
    (error) => {
      assert.ok(error instanceof UserError, String(error));
      for (const word of words) assert.match(error.message, word);
      return true;
    },
  );
};
const MAIL = '"name": "m", "task": { "kind": "mail" }';

test("comments and trailing commas are read, defaults filled in, paths made absolute", () => {
  writeFileSync(join(folder, "d.jsonl"), "{}");
  const experiment = read(
    '{ // a comment\n "name": "m", "task": { "kind": "file", "train": "d.jsonl", "source": "{a}", "target": "{b}" }, "method": { "kind": "pt" }, }',
  );
  assert.equal(experiment.task.kind === "file" && experiment.task.train, join(folder, "d.jsonl"));
  assert.deepEqual(experiment.training.learningRate, { prompt: 0.1 });
  assert.equal(experiment.training.backboneDropout, 0);
});

test("each method has its own groups of learning rates, with defaults; a group it does not have is named", () => {
  const rates = (method: string, given = "{}") =>
    read(`{ ${MAIL}, "method": ${method}, "training": { "learningRate": ${given} } }`).training.learningRate;
  assert.deepEqual(rates('{ "kind": "adept" }', '{ "ffn": 0.02 }'), { prompt: 0.1, ffn: 0.02 });
  assert.deepEqual(Object.keys(rates('{ "kind": "adept", "variant": "hybrid" }')), ["prompt", "ffn", "ab"]);
  assert.deepEqual(Object.keys(rates('{ "kind": "lora" }')), ["lora_A", "lora_B"]);
  assert.throws(
    () => rates('{ "kind": "pt" }', '{ "ffn": 0.1 }'),
    /training\.learningRate\.ffn: the method "pt" has no such group.*prompt/,
  );
});

test("--set changes a key, and a key it does not know is named", () => {
  const text = `{ ${MAIL}, "method": { "kind": "adept" } }`;
  assert.equal(read(text, ["training.steps=7"]).training.steps, 7);
  assert.equal(read(text, ["name=007 x"]).name, "007 x");
  assert.throws(
    () => read(text, ["training.stpes=7"]),
    /--set training\.stpes=7: training\.stpes: unknown key\. Did you mean "steps"\?$/,
  );
  assert.throws(() => read(text, ["training"]), /path=value/);
  assert.throws(() => read(text, ["__proto__.x=1"]), UserError);
});

test("an engine is a device's name, or its settings; without any the device is to be chosen", () => {
  const engine = (text: string, ...set: string[]) => read(`{ ${MAIL}, "method": { "kind": "pt" }${text} }`, set).engine;
  assert.deepEqual(engine(""), { device: "auto", threads: 0, replicas: 0 });
  assert.deepEqual(engine(', "engine": "auto"'), { device: "auto", threads: 0, replicas: 0 });
  assert.deepEqual(
    engine(', "engine": "webgpu"', "engine.threads=2"),
    { device: "auto", threads: 2, replicas: 0 },
    "a key that is set takes the name's place",
  );
  assert.deepEqual(engine(', "engine": { "threads": 2 }', "engine.device=cuda"), {
    device: "cuda",
    threads: 2,
    replicas: 0,
  });
  assert.equal(engine("", "engine=coreml").device, "coreml");
  refuses(`{ ${MAIL}, "method": { "kind": "pt" },\n "engine": "gpu" }`, /x\.adept\.json:2: engine\.device: .*"auto"/);
  refuses(
    `{ ${MAIL}, "method": { "kind": "pt" },\n "engine": { "devise": "cpu" } }`,
    /x\.adept\.json:2: engine\.devise: unknown key/,
  );
});

test("what is wrong is named by file, line and key", () => {
  refuses(`{ ${MAIL},\n "method": { "kind": "adept" },\n "lr": 3 }`, /x\.adept\.json:3: lr: unknown key/);
  refuses(
    `{ ${MAIL},\n "method": { "kind": "adept",\n  "bottelneck": 3 } }`,
    /x\.adept\.json:3: method\.bottelneck: unknown key/,
  );
  refuses(
    `{ ${MAIL},\n "method": { "kind": "adept" }, "training": {\n "steps": -1 } }`,
    /x\.adept\.json:3: training\.steps/,
  );
  refuses(
    `{ ${MAIL},\n "method": { "kind": "adpet" } }`,
    /x\.adept\.json:2: method\.kind: "adpet" is none of adept, pt, .*\. Did you mean "adept"\?$/,
  );
  refuses(`{ ${MAIL},\n "method": { "rank": 2 } }`, /x\.adept\.json:2: method\.kind: missing; it is one of adept, /);
  refuses(
    `{ ${MAIL},\n "method": { "kind": "adept", "bottelneck": 3 } }`,
    /method\.bottelneck: unknown key\. Did you mean "bottleneck"\?$/,
  );
  refuses(`{ ${MAIL},\n "method" { } }`, /x\.adept\.json:2: not valid JSON/);
  refuses("[]", /one JSON object/);
  refuses(
    '{ "name": "m", "task": { "kind": "file", "train": "none.jsonl", "source": "{a}", "target": "{b}" }, "method": { "kind": "pt" } }',
    /task\.train: there is no file .*none\.jsonl/,
  );
  refuses(`{ ${MAIL}, "backbone": "no-such", "method": { "kind": "pt" } }`, /backbone: there is no folder .*no-such/);
  assert.throws(() => readExperiment(join(folder, "absent.adept.json")), /no experiment file/);
});
