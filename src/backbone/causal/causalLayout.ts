import type { Sublayer } from "../changes.ts";
import type { BackboneLayout, WeightRole } from "../layout.ts";
import type { CausalConfig } from "./causalConfig.ts";

/** Collects the modules and tensors of a model in the order of its layers. */
class LayoutBuilder {
  readonly linears: BackboneLayout["linears"] = [];
  readonly norms: BackboneLayout["norms"] = [];
  readonly sublayers: Sublayer[] = [];
  readonly weights: BackboneLayout["weights"] = [];

  constructor(private readonly config: CausalConfig) {}

  weight(name: string, dims: number[], role: WeightRole): void {
    this.weights.push({ name, dims, role });
  }

  /** @param sizes bias: whether it has one */
  linear(module: string, { from, to, bias }: { from: number; to: number; bias: boolean }): void {
    const isTransposed = this.config.isTransposed;
    this.linears.push({ module, in: from, out: to, ...(isTransposed && { isTransposed }) });
    this.weight(`${module}.weight`, isTransposed ? [from, to] : [to, from], "matrix");
    if (bias) this.weight(`${module}.bias`, [to], "bias");
  }

  norm(module: string | undefined, width: number): void {
    if (module === undefined || this.norms.some((known) => known.module === module)) return;
    this.norms.push({ module, width });
    this.weight(`${module}.weight`, [width], "norm");
    if (this.config.norm === "layer") this.weight(`${module}.bias`, [width], "bias");
  }
}

function attention(builder: LayoutBuilder, config: CausalConfig, layer: string): void {
  const { names, width, heads, keyValueHeads, headWidth, biases } = config;
  const name = `${layer}.${names.attention}`;
  const bias = biases.attentionInput;
  const input = names.attentionInput;
  const queries = heads * headWidth;
  const keys = keyValueHeads * headWidth;
  if (input.kind === "fused") builder.linear(`${name}.${input.module}`, { from: width, to: queries + 2 * keys, bias });
  else {
    builder.linear(`${name}.${input.query}`, { from: width, to: queries, bias });
    builder.linear(`${name}.${input.key}`, { from: width, to: keys, bias });
    builder.linear(`${name}.${input.value}`, { from: width, to: keys, bias });
  }
  const over = (all: number): number => (config.headNorm === "all" ? all : headWidth);
  if (names.queryNorm !== undefined) builder.norm(`${name}.${names.queryNorm}`, over(queries));
  if (names.keyNorm !== undefined) builder.norm(`${name}.${names.keyNorm}`, over(keys));
  builder.linear(`${name}.${names.attentionOutput}`, { from: queries, to: width, bias: biases.attentionOutput });
}

function feedForward(builder: LayoutBuilder, config: CausalConfig, layer: string): void {
  const { names, width, hidden, biases } = config;
  const name = `${layer}.${names.feedForward}`;
  const bias = biases.feedForward;
  const input = names.feedForwardInput;
  if (input.kind === "fused-gated") builder.linear(`${name}.${input.module}`, { from: width, to: 2 * hidden, bias });
  if (input.kind === "gated") builder.linear(`${name}.${input.gate}`, { from: width, to: hidden, bias });
  if (input.kind !== "fused-gated") builder.linear(`${name}.${input.up}`, { from: width, to: hidden, bias });
  builder.linear(`${name}.${names.feedForwardOutput}`, { from: hidden, to: width, bias });
}

/** The modules and tensors of a decoder-only model. */
export function causalLayout(config: CausalConfig): BackboneLayout {
  const { names, width, vocabulary, tied, positions, biases } = config;
  const builder = new LayoutBuilder(config);
  const inLayer = (layer: string, module: string | undefined): string | undefined =>
    module === undefined ? undefined : `${layer}.${module}`;
  builder.weight(names.embedding, [vocabulary, width], "embedding");
  if (positions !== undefined && names.positions !== undefined)
    builder.weight(names.positions, [positions, width], "positions");
  config.layers.forEach((_, i) => {
    const layer = `${names.layers}${i}`;
    builder.norm(inLayer(layer, names.norms.attentionInput), width);
    builder.sublayers.push({ name: `${layer}.${names.attention}`, kind: "self" });
    attention(builder, config, layer);
    builder.norm(inLayer(layer, names.norms.attentionOutput), width);
    builder.norm(inLayer(layer, names.norms.feedForwardInput), width);
    builder.sublayers.push({ name: `${layer}.${names.feedForward}`, kind: "feedForward" });
    feedForward(builder, config, layer);
    builder.norm(inLayer(layer, names.norms.feedForwardOutput), width);
  });
  builder.norm(names.finalNorm, width);
  builder.linears.push({ module: names.head, in: width, out: vocabulary });
  if (!tied) builder.weight(`${names.head}.weight`, [vocabulary, width], "matrix");
  if (biases.head) builder.weight(`${names.head}.bias`, [vocabulary], "bias");
  const { linears, norms, sublayers, weights } = builder;
  return {
    isCausal: true,
    ...(config.longest !== undefined && { longest: config.longest }),
    width,
    vocabulary,
    embedding: names.embedding,
    ...(config.embeddingScale !== 1 && { embeddingScale: config.embeddingScale }),
    defaultTargets: config.defaultTargets,
    head: { module: names.head, tied },
    linears,
    norms,
    sublayers,
    weights,
  };
}
