import type { EngineSpec } from "../engine/engineSpec.ts";
import { UserError } from "../base/errors.ts";
import type { MethodSpec } from "../method/methodSpec.ts";
import type { Precision } from "../engine/precisionSpec.ts";
import type { Engine } from "../engine/engine.ts";
import { openEngine } from "../engine/openEngine.ts";
import type { HostTensor, Program, WeightLocation } from "../engine/program.ts";
import { fixInput } from "../graph/fixInput.ts";
import { topological, type ConstantValue, type Value } from "../graph/value.ts";
import { openBackbone, type Backbone } from "../backbone/openBackbone.ts";
import { relativeBuckets } from "../backbone/t5/relativeBuckets.ts";
import { type T5Config } from "../backbone/t5/t5Config.ts";
import type { BackboneWeights } from "../backbone/files/weights.ts";
import type { Parameters } from "../method/parameters.ts";
import type { Batch, Seen, StepOptions, TunedModel } from "./model.ts";
import { BackboneDropout } from "./backboneDropout.ts";
import { decodeGreedily, type Decoding } from "./greedyDecoding.ts";
import { holdsOf } from "./holding.ts";
import { InputGraph } from "./inputGraph.ts";
import type { MethodShape } from "../method/method.ts";
import type { MethodSizes } from "../method/sizes.ts";
import { methodOf } from "../method/registry.ts";
import { teacherFeeds } from "./teacherFeeds.ts";

/** Added to the attention scores of masked positions: softmax gives them exactly 0 in fp32. */
const MASKED = -1e9;
/** A folded table of so many bytes is held by the programs themselves, once each. */
const MOST_HELD = 256e6;

export interface ModelOptions {
  folder: string;
  method: MethodSpec;
  sizes: MethodSizes;
  engine: EngineSpec;
  /** batches bring the encoder's input themselves; the method is not applied */
  embedded?: boolean;
  /** each token's embedding with its offset (V, d), instead of the method's own way to it */
  folded?: Float32Array;
  /** what the backbone's matrices are held as */
  precision?: Precision;
  /** predictions are rare beside steps */
  training?: boolean;
  /** the cache's weights have just been looked at */
  checked?: boolean;
}

type Feeds = Record<string, HostTensor>;
const parameterFeeds = (parameters: Parameters): Feeds =>
  Object.fromEntries([...parameters.values()].map((t) => [t.name, tensor(t.data, ...t.dims)]));
const tensor = (data: HostTensor["data"], ...dims: number[]): HostTensor => ({ data, dims });

/** Token losses (B, T) as their sum and count for each row. */
function perRow(losses: Float32Array, { rows, targetLength, labels }: Batch): { sum: number[]; tokens: number[] } {
  const starts = Array.from({ length: rows }, (_, i) => i * targetLength);
  return {
    sum: starts.map((from) => losses.subarray(from, from + targetLength).reduce((a, b) => a + b, 0)),
    tokens: starts.map((from) => labels.subarray(from, from + targetLength).filter((id) => id >= 0).length),
  };
}

/** A program's name with what it is made for. */
const named = (program: string, variants: Record<string, boolean>): string =>
  [program, ...Object.keys(variants).filter((variant) => variants[variant])].join("+");

/** Where the weights lie that outputs are made of. */
function locations(outputs: Record<string, Value>, weights: BackboneWeights): Map<string, WeightLocation> {
  const used = topological(Object.values(outputs)).flatMap((v) => (v.kind === "weight" ? [v] : []));
  return new Map(used.map((v) => [v.name, weights.locate(v.name, v.shape.map(Number))]));
}

/** What an encoder made of a batch. */
interface Encoded {
  fixed: Feeds;
  states: Float32Array | undefined;
  short: boolean;
}

/** A T5 backbone with a method on its input, its graphs compiled as they are first needed. */
export class T5TunedModel implements TunedModel {
  /** what computes, as a person knows it */
  readonly device: string;
  readonly width: number;
  readonly vocabularySize: number;
  private table: Float32Array | undefined;
  private readonly programs = new Map<string, Promise<Program>>();
  /** Hidden units per token that training drops out. */
  readonly hiddenUnits: number;
  readonly shape: MethodShape<MethodSpec, MethodSizes>;
  private readonly config: T5Config;
  private readonly graph: InputGraph;
  private readonly engine: Engine;
  /**
   * The folded table where feeding it would copy it at every call. On the processor onnxruntime reads a feed where it
   * lies.
   */
  private readonly foldedTable: ConstantValue | undefined;
  private readonly dropouts = new Map<string, BackboneDropout>();

  /** @param predictingWeights as programs hold them that only predict */
  private constructor(
    private readonly weights: BackboneWeights,
    private readonly predictingWeights: BackboneWeights,
    backbone: Backbone,
    private readonly options: ModelOptions,
  ) {
    const config = (this.config = backbone.config as T5Config);
    this.shape = { spec: options.method, sizes: options.sizes, layout: backbone.layout };
    this.hiddenUnits = methodOf(options.method.kind).hiddenUnits?.(this.shape) ?? 0;
    this.graph = new InputGraph(config, this.shape, {
      embedded: options.embedded === true,
      folded: options.folded !== undefined,
    });
    this.engine = openEngine(options.engine);
    this.device = this.engine.name;
    this.width = config.width;
    this.vocabularySize = config.vocabulary;
    const {
      folded,
      engine: { device },
    } = options;
    this.foldedTable =
      folded === undefined || device === "cpu" || folded.byteLength > MOST_HELD
        ? undefined
        : { kind: "constant", type: "float32", shape: [config.vocabulary, config.width], data: folded };
  }

  /**
   * @throws UserError when the folder's config or weights are missing, damaged or do not belong together, or cannot be
   * held as asked for
   */
  static open(options: ModelOptions): T5TunedModel {
    const {
      precision = "fp32",
      checked,
      training = false,
      folder,
      engine: { device },
    } = options;
    if (precision !== "fp32" && device !== "cpu")
      throw new UserError(
        `precision: "${precision}" is for the processor, not for "${device}"`,
        'Use engine.device "cpu" or "auto", or precision "fp32".',
      );
    const own = openBackbone(folder, { precision, verified: checked });
    const holds = holdsOf(options.engine, { precision, bytes: own.weights.bytes, training });
    const mapped =
      precision === "fp32" && holds.predict === "mapped" ? openBackbone(folder, { precision, mapped: true }) : own;
    return new T5TunedModel(holds.step === "mapped" ? mapped.weights : own.weights, mapped.weights, own, options);
  }

  /** The table of embeddings (V, d), which is read when it is first wanted. */
  get embedding(): Float32Array {
    return (this.table ??= this.weights.read(this.shape.layout.embedding, [this.vocabularySize, this.width]));
  }

  /** Bytes of the backbone's tensors as they lie in their files. */
  get weightBytes(): number {
    return this.weights.bytes;
  }

  /** A tensor of the backbone as it lies in its file, as fp32. */
  weight(name: string, dims: readonly number[]): Float32Array {
    return this.weights.read(name, dims);
  }

  private program(
    name: string,
    outputs: () => Record<string, Value>,
    weights: BackboneWeights = this.weights,
  ): Promise<Program> {
    let program = this.programs.get(name);
    if (program === undefined) {
      const values = this.foldedTable === undefined ? outputs() : fixInput(outputs(), "foldedTable", this.foldedTable);
      program = this.engine.compile(values, locations(values, weights));
      this.programs.set(name, program);
    }
    return program;
  }

  /** A program that only predicts. */
  private predicting(name: string, outputs: () => Record<string, Value>): Promise<Program> {
    return this.program(name, outputs, this.predictingWeights);
  }

  private encoderFeeds(parameters: Parameters, batch: Batch): Feeds {
    if (this.options.embedded === true) return this.embeddedFeeds(batch);
    const prompt = parameters.get("prompt")?.dims[0] ?? 0;
    const length = prompt + batch.sourceLength;
    const mask = new Float32Array(batch.rows * length);
    for (let row = 0; row < batch.rows; row++) {
      for (let i = 0; i < batch.sourceLength; i++)
        if (batch.mask[row * batch.sourceLength + i] === 0) mask[row * length + prompt + i] = MASKED;
    }
    return {
      ...parameterFeeds(parameters),
      ...(this.options.folded && { foldedTable: tensor(this.options.folded, this.vocabularySize, this.width) }),
      positions: tensor(
        Int32Array.from({ length: batch.sourceLength }, (_, i) => i),
        batch.sourceLength,
      ),
      ids: tensor(batch.ids, batch.rows, batch.sourceLength),
      mask: tensor(mask, batch.rows, length),
      encoderBuckets: tensor(
        relativeBuckets(this.config, { queries: length, keys: length, from: 0, bidirectional: true }),
        length,
        length,
      ),
    };
  }

  private embeddedFeeds({ rows, sourceLength: length, mask, embedded }: Batch): Feeds {
    if (embedded === undefined) throw new Error("the batch has no embedded input");
    return {
      embedded: tensor(embedded, rows, length, this.width),
      mask: tensor(
        mask.map((kept) => (kept === 0 ? MASKED : 0)),
        rows,
        length,
      ),
      encoderBuckets: tensor(
        relativeBuckets(this.config, { queries: length, keys: length, from: 0, bidirectional: true }),
        length,
        length,
      ),
    };
  }

  private decoderFeeds({ rows, targetLength: T, labels }: Batch): Feeds {
    const ids = new Int32Array(rows * T);
    const causal = new Float32Array(T * T);
    for (let row = 0; row < rows; row++) {
      ids[row * T] = this.config.start;
      for (let i = 1; i < T; i++) ids[row * T + i] = Math.max(labels[row * T + i - 1]!, this.config.pad);
    }
    for (let i = 0; i < T; i++) for (let j = i + 1; j < T; j++) causal[i * T + j] = MASKED;
    const buckets = relativeBuckets(this.config, { queries: T, keys: T, from: 0, bidirectional: false });
    return {
      decoderIds: tensor(ids, rows, T),
      causal: tensor(causal, T, T),
      decoderBuckets: tensor(buckets, T, T),
      labels: tensor(labels, rows, T),
    };
  }

  /** The graph with dropout inside the backbone; its masks are fed by the dropout kept under the program's name. */
  private droppedGraph(name: string): InputGraph {
    const dropout = new BackboneDropout();
    this.dropouts.set(name, dropout);
    return new InputGraph(this.config, this.shape, { drop: dropout.apply });
  }

  async step(
    parameters: Parameters,
    batch: Batch,
    {
      lossScale,
      hiddenMask,
      backboneDropout,
      offsetPenalty = 0,
      penaltyWeight = offsetPenalty > 0 ? this.penaltyWeight(batch, offsetPenalty) : undefined,
    }: StepOptions,
  ): ReturnType<TunedModel["step"]> {
    const short = this.graph.isShort(batch.targetLength);
    const name = named("step", {
      short,
      hidden: hiddenMask !== undefined,
      backbone: backboneDropout !== undefined,
      penalty: penaltyWeight !== undefined,
    });
    const program = await this.program(name, () =>
      (backboneDropout ? this.droppedGraph(name) : this.graph).step(hiddenMask !== undefined, {
        penalised: penaltyWeight !== undefined,
        short,
      }),
    );
    const symbols = {
      B: batch.rows,
      S: batch.sourceLength,
      T: batch.targetLength,
      P: parameters.get("prompt")?.dims[0] ?? 0,
    };
    const feeds: Feeds = {
      ...this.encoderFeeds(parameters, batch),
      ...this.decoderFeeds(batch),
      lossScale: tensor(Float32Array.of(lossScale)),
    };
    if (backboneDropout !== undefined)
      Object.assign(feeds, this.dropouts.get(name)?.feeds(backboneDropout.rate, backboneDropout.seed, symbols));
    if (hiddenMask !== undefined)
      feeds["hiddenMask"] = tensor(hiddenMask, batch.rows, batch.sourceLength, this.hiddenUnits);
    if (penaltyWeight !== undefined)
      feeds["penaltyWeights"] = tensor(
        batch.mask.map((kept) => (kept === 0 ? 0 : penaltyWeight)),
        batch.rows,
        batch.sourceLength,
        1,
      );
    const results = await program.run(feeds);
    const gradients = [...parameters.keys()].map(
      (name) => [name, results[`grad:${name}`]!.data as Float32Array] as const,
    );
    return { loss: results["loss"]!.data[0]!, gradients: new Map(gradients) };
  }

  /** The penalty over the sum of the batch's squared embeddings: what each squared offset of its tokens counts. */
  penaltyWeight({ ids, mask }: Batch, penalty: number): number {
    let sum = 0;
    ids.forEach((id, at) => {
      if (mask[at] !== 0) for (let i = 0; i < this.width; i++) sum += this.embedding[id * this.width + i]! ** 2;
    });
    return penalty / sum;
  }

  /**
   * Loss and gradients with a teacher's states and logits of the same batch (see InputGraph.distil).
   * @param teacher what `forward` gave for the same text under the teacher; its prompt may have another length
   * @returns also `taught`, the divergence from the teacher without the task's own loss
   */
  async distil(
    parameters: Parameters,
    batch: Batch,
    {
      teacher,
      lossScale,
      weight,
    }: { teacher: { logits: HostTensor; encoded: HostTensor }; lossScale: number; weight: number },
  ): Promise<{ loss: number; taught: number; gradients: Map<string, Float32Array> }> {
    const program = await this.program("distil", () => this.graph.distil());
    const feeds = {
      ...this.encoderFeeds(parameters, batch),
      ...this.decoderFeeds(batch),
      lossScale: tensor(Float32Array.of(lossScale)),
      distilWeight: tensor(Float32Array.of(weight)),
      ...teacherFeeds(teacher, batch, { lossScale, width: this.width, vocabulary: this.vocabularySize }),
    };
    const results = await program.run(feeds);
    return {
      loss: results["loss"]!.data[0]!,
      taught: results["taught"]!.data[0]!,
      gradients: new Map(
        [...parameters.keys()].map((name) => [name, results[`grad:${name}`]!.data as Float32Array] as const),
      ),
    };
  }

  /**
   * Logits (rows, targetLength, vocabulary) and encoder states (rows, prompt + sourceLength, width), teacher-forced, no
   * dropout.
   */
  async forward(parameters: Parameters, batch: Batch): Promise<{ logits: HostTensor; encoded: HostTensor }> {
    const program = await this.program("forward", () => ({ ...this.graph.forward(false) }));
    const { logits, encoded } = await program.run({
      ...this.encoderFeeds(parameters, batch),
      ...this.decoderFeeds(batch),
    });
    return { logits: logits!, encoded: encoded! };
  }

  /** The encoder's input [P ; E'] (rows, prompt + sourceLength, width) as the method makes it. */
  async input(parameters: Parameters, batch: Batch): Promise<Float32Array> {
    const program = await this.program("input", () => this.graph.input());
    return (await program.run(this.encoderFeeds(parameters, batch)))["embedded"]!.data as Float32Array;
  }

  async losses(parameters: Parameters, batch: Batch): Promise<{ sum: number[]; tokens: number[] }> {
    const short = this.graph.isShort(batch.targetLength);
    const program = await this.predicting(named("losses", { short }), () => ({
      losses: this.graph.tokenLosses(this.graph.forward(false, short).logits),
    }));
    const { losses } = await program.run({ ...this.encoderFeeds(parameters, batch), ...this.decoderFeeds(batch) });
    return perRow(losses!.data as Float32Array, batch);
  }

  /**
   * The encoder run once: what every decoding of the batch is fed, and the states where they are asked for.
   * @param most tokens that will be decoded
   */
  private async encoded(
    parameters: Parameters,
    batch: Batch,
    { states, most }: { states: boolean; most: number },
  ): Promise<Encoded> {
    const short = this.graph.isShort(most);
    const encoder = await this.predicting(named("encode", { short, states: states && !short }), () =>
      this.graph.encode({ states, short }),
    );
    const { mask, ...feeds } = this.encoderFeeds(parameters, batch);
    const { encoded, ...cross } = await encoder.run({ ...feeds, mask: mask! });
    return {
      short,
      fixed: { ...parameterFeeds(parameters), ...cross, crossMask: mask! },
      states: (encoded ?? cross["crossStates"])?.data as Float32Array | undefined,
    };
  }

  private async targetLosses({ fixed, short }: Encoded, batch: Batch): Promise<Float32Array> {
    const scorer = await this.predicting(named("score targets", { short }), () => this.graph.targetLosses(short));
    return (await scorer.run({ ...fixed, ...this.decoderFeeds(batch) }))["losses"]!.data as Float32Array;
  }

  async predict(
    parameters: Parameters,
    batch: Batch,
    maxTokens: number,
    see?: (seen: Seen) => void,
  ): ReturnType<TunedModel["predict"]> {
    const encoded = await this.encoded(parameters, batch, {
      states: see !== undefined,
      most: Math.max(maxTokens, batch.targetLength),
    });
    const losses = await this.targetLosses(encoded, batch);
    const generated = await this.decodeGreedily(encoded, {
      rows: batch.rows,
      maxTokens,
      ...(see && {
        first: (logits: Float32Array): void => {
          see({ logits, states: encoded.states! });
        },
      }),
    });
    return { ...perRow(losses, batch), generated };
  }

  /** @param endless rows go on after end-of-sequence, so that the time does not depend on what is generated */
  async generate(parameters: Parameters, batch: Batch, maxTokens: number, endless = false): Promise<number[][]> {
    return this.decodeGreedily(await this.encoded(parameters, batch, { states: false, most: maxTokens }), {
      rows: batch.rows,
      maxTokens,
      endless,
    });
  }

  async scoreTargets(
    parameters: Parameters,
    batch: Batch,
    targets: readonly ArrayLike<number>[],
    see?: (seen: Seen) => void,
  ): Promise<number[][]> {
    const { rows } = batch;
    const encoded = await this.encoded(parameters, batch, {
      states: see !== undefined,
      most: Math.max(1, ...targets.map(({ length }) => length)),
    });
    if (see !== undefined)
      await this.decodeGreedily(encoded, {
        rows,
        maxTokens: 1,
        first: (logits) => {
          see({ logits, states: encoded.states! });
        },
      });
    const scores: number[][] = Array.from({ length: rows }, () => []);
    for (const target of targets) {
      const length = target.length;
      const labels = new Int32Array(rows * length);
      for (let row = 0; row < rows; row++) labels.set(target, row * length);
      const losses = await this.targetLosses(encoded, { ...batch, targetLength: length, labels });
      scores.forEach((row, i) => row.push(losses.subarray(i * length, (i + 1) * length).reduce((a, b) => a + b, 0)));
    }
    return scores;
  }

  /** @param first told the logits of the first new token */
  private async decodeGreedily(
    { fixed, short }: Encoded,
    how: Pick<Decoding, "rows" | "maxTokens" | "endless" | "first">,
  ): Promise<number[][]> {
    const decoder = await this.predicting(named("decode step", { short }), () => this.graph.decodeStep(short));
    return decodeGreedily((feeds) => decoder.run(feeds), {
      config: this.config,
      vocabulary: this.vocabularySize,
      fixed,
      ...how,
    });
  }

  async release(): Promise<void> {
    const programs = [...this.programs.values()];
    this.programs.clear();
    for (const program of programs) await (await program).release();
  }
}
