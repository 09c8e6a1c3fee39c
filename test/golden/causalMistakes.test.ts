import assert from "node:assert/strict";
import { test } from "node:test";
import type { CausalConfig, RotationScaling } from "../../src/backbone/causal/causalConfig.ts";
import { CausalFeeds } from "../../src/backbone/causal/causalFeeds.ts";
import { CausalGraph } from "../../src/backbone/causal/causalGraph.ts";
import { readSafetensors } from "../../src/backbone/files/safetensors.ts";
import { openBackbone, type Backbone } from "../../src/backbone/openBackbone.ts";
import { openEngine } from "../../src/engine/openEngine.ts";
import { MethodInput } from "../../src/method/methodSpec.ts";
import { MethodGraph } from "../../src/model/methodGraph.ts";
import { Programs } from "../../src/model/programs.ts";
import { batchOfRows, causalModels, tokensOf, type ForwardCase } from "./causalGolden.ts";
import { CPU } from "./engines.ts";
import { golden, readJson, withGoldens } from "./shared.ts";

/** Whether a logit moves by what the golden says, up to this part. */
const TOLERANCE = 0.01;

type Change = (config: CausalConfig) => Partial<CausalConfig>;

const scaledBy =
  (scaling: (own: RotationScaling) => RotationScaling): Change =>
  ({ rotations }) => ({ rotations: rotations.map((own) => ({ ...own, scaling: scaling(own.scaling) })) });
const windows =
  (window: (own: number | undefined, layer: number) => number | undefined): Change =>
  ({ layers }) => ({
    layers: layers.map(({ window: own, ...rest }, layer) => {
      const made = window(own, layer);
      return { ...rest, ...(made !== undefined && { window: made }) };
    }),
  });
const without =
  (...parts: (keyof CausalConfig["biases"])[]): Change =>
  ({ biases }) => ({ biases: { ...biases, ...Object.fromEntries(parts.map((part) => [part, false])) } });
const fused =
  (groups: number, order?: readonly ("query" | "key" | "value")[]): Change =>
  ({ names }) => {
    const own = names.attentionInput;
    assert.ok(own.kind === "fused");
    return { names: { ...names, attentionInput: { ...own, groups, order: order ?? own.order } } };
  };
const wholeHead: Change = ({ rotations, headWidth }) => ({
  rotations: rotations.map((own) => ({ ...own, width: headWidth })),
});
const noNorms: Change = ({ names: { queryNorm, keyNorm, ...names } }) => {
  assert.ok(queryNorm !== undefined && keyNorm !== undefined);
  return { names };
};

/** What each mistake of the goldens is in the table of choices. */
const MISTAKES: Readonly<Record<string, Change>> = {
  "rope scaling ignored": scaledBy(() => ({ type: "default" })),
  "every frequency divided (linear)": scaledBy((own) => ({
    type: "linear",
    factor: own.type === "llama3" ? own.factor : NaN,
  })),
  "yarn attention factor 1": scaledBy((own) => ({ ...own, attention: 1 }) as RotationScaling),
  "attention biases ignored": without("attentionInput", "attentionOutput"),
  "mlp biases ignored": without("feedForward"),
  "biases ignored": without("attentionInput"),
  "head bias ignored": without("head"),
  "window ignored": windows(() => undefined),
  "window one longer": windows((own) => (own ?? NaN) + 1),
  // The config has sliding_window 8.
  "unused window used": windows(() => 8),
  "window layers swapped": windows((_, layer) => (layer % 2 === 1 ? 6 : undefined)),
  "q and k norm ignored": noNorms,
  "rotary in every layer": ({ layers }) => ({ layers: layers.map((own) => ({ ...own, rotation: 0 })) }),
  "flags read the other way round": ({ layers }) => ({
    layers: layers.map(({ rotation, ...own }) => (rotation === undefined ? { ...own, rotation: 0 } : own)),
  }),
  "attention soft cap ignored": ({ scoreCap }) => {
    assert.ok(scoreCap !== undefined);
    return { scoreCap: 1e30 };
  },
  "final soft cap ignored": ({ logitCap }) => {
    assert.ok(logitCap !== undefined);
    return { logitCap: 1e30 };
  },
  "scale head_dim^-0.5": ({ headWidth }) => ({ scoreFactor: headWidth ** -0.5 }),
  "norm weight w instead of 1 + w": () => ({ norm: "rms" }),
  "exact gelu instead of tanh": () => ({ activation: "gelu" }),
  "tanh gelu instead of exact": () => ({ activation: "gelu-tanh" }),
  "embedding not scaled": () => ({ embeddingScale: 1 }),
  "blocks read as q, k, v": fused(4, ["query", "key", "value"]),
  "rows read as three thirds": fused(1, ["query", "key", "value"]),
  "rotary by halves, not by neighbours": ({ rotations }) => ({
    rotations: rotations.map((own) => ({ ...own, pairs: "halves" })),
  }),
  "rotary over the whole head": wholeHead,
  "block serial, not parallel": () => ({ parallel: false }),
  "residual the other way": ({ parallel }) => ({ parallel: !parallel }),
};

/** The logits of all places of the case `long` with a changed config. */
async function logitsWith(backbone: Backbone, tokens: number[], change: Partial<CausalConfig>): Promise<Float32Array> {
  const config = { ...(backbone.config as CausalConfig), ...change };
  const { layout } = backbone;
  // The last place predicts a token that is not there; any one gives its logits.
  const batch = batchOfRows([{ text: tokens.slice(0, 1), target: [...tokens.slice(1), 0] }]);
  const feeds = new CausalFeeds(config);
  const spec = MethodInput.parse({ kind: "lora", targets: ["none"] });
  const graph = new MethodGraph(
    { config, layout, feeds, graph: (changes) => new CausalGraph(config, changes) },
    { spec, sizes: { rank: 1, count: 0 }, layout },
  );
  const programs = new Programs(openEngine(CPU), { foldedTable: undefined, headInParts: false });
  const program = await programs.get("forward", () => ({ logits: graph.forward(false, "").logits }), backbone.weights);
  const { logits } = await program.run(feeds.whole(batch, 0));
  await programs.release();
  return logits!.data as Float32Array;
}

const furthest = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

async function mistakesAreSeen(model: string, { mistakes, ...rows }: ForwardCase): Promise<void> {
  const backbone = openBackbone(golden("models", model));
  const right = readSafetensors(golden("forward", `${model}.safetensors`)).get("long.logits")!.data;
  const [tokens] = tokensOf(rows);
  const own = await logitsWith(backbone, tokens!, {});
  assert.equal(own.length, right.length);
  assert.ok(furthest(own, right) < 1e-4, "without a mistake");
  for (const [name, expected] of Object.entries(mistakes!)) {
    const change = MISTAKES[name];
    assert.ok(change !== undefined, `${name} is planted`);
    const wrong = furthest(await logitsWith(backbone, tokens!, change(backbone.config as CausalConfig)), right);
    assert.ok(Math.abs(wrong / expected - 1) < TOLERANCE, `${name}: a logit moves by ${wrong}, not ${expected}`);
  }
}

withGoldens("mistakes of causal models", () => {
  for (const model of causalModels()) {
    const { long } = readJson<{ long: ForwardCase }>("forward", `${model}.json`);
    if (long.mistakes !== undefined)
      test(`${model}: each rule left out moves a logit as it does in PyTorch`, () => mistakesAreSeen(model, long));
  }
});
