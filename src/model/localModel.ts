import type { Batch, Continuation } from "../backbone/batch.ts";
import { embeddedColumns } from "../backbone/batchRows.ts";
import { tensor, type Feeds } from "../backbone/feeds.ts";
import type { BackboneLayout } from "../backbone/layout.ts";
import type { Backbone } from "../backbone/openBackbone.ts";
import type { Device, EngineSpec } from "../engine/engineSpec.ts";
import type { DeviceMemory, Engine } from "../engine/engine.ts";
import { openEngine } from "../engine/openEngine.ts";
import type { Precision } from "../engine/precisionSpec.ts";
import { UserError } from "../base/errors.ts";
import { phrase, type Phrase } from "../base/phrase.ts";
import type { MethodShape } from "../method/method.ts";
import type { MethodSizes } from "../method/sizes.ts";
import type { MethodSpec } from "../method/methodSpec.ts";
import type { Parameters } from "../method/parameters.ts";
import { promptRows } from "../method/prompt.ts";
import { methodOf } from "../method/registry.ts";
import { continuedEmbeddings, joinEmbeddings } from "./joinEmbeddings.ts";
import { BackboneDropout } from "./backboneDropout.ts";
import { EmbeddingTable } from "./embeddingTable.ts";
import { foldedConstant } from "./foldedConstant.ts";
import { MethodGraph, type InputSource, type Recompute } from "./methodGraph.ts";
import type { GenerateOptions, Observe, RowLosses, StepOptions, StepResult, TunedModel } from "./model.ts";
import { parameterFeeds, promptLength } from "./parameterFeeds.ts";
import { partSeconds, type StepPart } from "./speed/partSeconds.ts";
import { Predictor } from "./predictor.ts";
import { openWeights, type OpenedWeights } from "./openWeights.ts";
import { programName, Programs } from "./programs.ts";
import { stepResult } from "./stepResult.ts";
import { teacherFeeds, type TeacherOutputs } from "./teacherFeeds.ts";
import { textMask } from "./textMask.ts";

/** The devices that compute with narrow weights. */
const HOLDS_NARROW: readonly Device[] = ["cpu", "torch"];

/** Which backbone and method a model has, and how it is opened. */
export interface ModelOptions {
  folder: string;
  method: MethodSpec;
  sizes: MethodSizes;
  engine: EngineSpec;
  /** Whether batches have `inputEmbeddings`; the method is then not applied. */
  inputEmbeddings?: boolean;
  /**
   * The folded table: each token's embedding with its offset (V, d). It replaces the method's own computation of
   * offsets.
   */
  folded?: Float32Array;
  /** The type that the backbone's matrices are stored in. */
  precision?: Precision;
  /** Whether the model is opened for training, where predictions are rare compared with steps. */
  training?: boolean;
  /** Whether another copy of the model has just verified the cache's weights. */
  verified?: boolean;
  /** What training steps compute a second time; absent: activations. */
  recompute?: Recompute;
}

/** The teacher's part of a distillation step. */
export interface DistilOptions {
  /** Outputs of `forward` for the same batch with the teacher's parameters; its prompt may have another length. */
  teacher: TeacherOutputs;
  /** As in StepOptions. */
  lossScale: number;
  /** Factor of the teacher's terms. */
  weight: number;
}

function inputSource({ inputEmbeddings = false, folded }: ModelOptions): InputSource {
  if (inputEmbeddings) return "given";
  return folded === undefined ? "method" : "table";
}

/** A backbone with a method, computed in this thread; its graphs are compiled when they are first needed. */
export class LocalModel implements TunedModel {
  /** The engine and device that compute, for display. */
  get device(): string {
    return this.engine.name;
  }
  readonly shape: MethodShape<MethodSpec, MethodSizes>;
  /** Hidden units per token that dropout applies to in training. */
  readonly hiddenUnits: number;
  private readonly backbone: Backbone;
  private readonly engine: Engine;
  private readonly graph: MethodGraph;
  private readonly programs: Programs;
  private readonly predictor: Predictor;
  /** Dropout inside the backbone, by the name of the program that has it. */
  private readonly dropouts = new Map<string, BackboneDropout>();
  readonly embeddings: EmbeddingTable;
  /** What training steps compute a second time; to be changed before the first one. */
  recompute: Recompute;

  private constructor(
    private readonly weights: OpenedWeights,
    private readonly options: ModelOptions,
  ) {
    this.backbone = weights.backbone;
    const { layout, feeds } = this.backbone;
    this.shape = { spec: options.method, sizes: options.sizes, layout };
    this.embeddings = new EmbeddingTable(weights.step, layout);
    this.recompute = options.recompute ?? "activations";
    this.hiddenUnits = methodOf(options.method.kind).hiddenUnits?.(this.shape) ?? 0;
    const engine = (this.engine = openEngine(options.engine));
    this.graph = new MethodGraph(this.backbone, this.shape, { source: inputSource(options), fused: engine.fused });
    this.programs = new Programs(engine, {
      foldedTable: foldedConstant(options, layout),
      headInParts: options.engine.device === "cpu",
    });
    this.predictor = new Predictor({
      graph: this.graph,
      feeds,
      vocabulary: layout.vocabulary,
      prompt: (parameters) => this.prompt(parameters),
      sourceFeeds: (parameters, batch) => this.sourceFeeds(parameters, batch),
      wholeFeeds: (parameters, batch) => this.wholeFeeds(parameters, batch),
      targetFeeds: (parameters, batch) => this.targetFeeds(parameters, batch),
      behindFeeds: (parameters, batch, shared) => this.behindFeeds(parameters, batch, shared),
      stepFeeds: (parameters, batch, own) => ({ ...this.laterFeeds(parameters, batch, own), ...own }),
      program: (name, outputs, isStep = false) =>
        this.programs.get(name, outputs, weights.predict, { levels: weights.levels(isStep), isShort: isStep }),
    });
  }

  /**
   * @throws UserError when the folder's config or weights are missing, damaged or do not belong together, are of a
   * model type that is not supported, or cannot be stored in the precision asked for
   */
  static open(options: ModelOptions): LocalModel {
    const {
      precision = "fp32",
      engine: { device },
    } = options;
    if (precision !== "fp32" && !HOLDS_NARROW.includes(device))
      throw new UserError(
        "precision-needs-processor",
        phrase`precision: "${precision}" is for the processor and for PyTorch, not for "${device}"`,
        phrase`Use engine.device "cpu", "torch" or "auto", or precision "fp32".`,
      );
    return new LocalModel(openWeights(options), options);
  }

  get layout(): BackboneLayout {
    return this.backbone.layout;
  }

  get width(): number {
    return this.layout.width;
  }

  get vocabularySize(): number {
    return this.layout.vocabulary;
  }

  /** Each token's embedding (V, d), row-major: the table times the backbone's scale; read at the first access. */
  get embedding(): Float32Array {
    return this.embeddings.whole;
  }

  /** Bytes of the backbone's tensors in their files. */
  get weightBytes(): number {
    return this.weights.step.bytes;
  }

  /**
   * The bytes that a copy of the model counts for: weights of a byte or less a value as if they were fp32, since a
   * copy's step keeps as much as with those, and whoever asks for such weights has little memory.
   */
  get copyBytes(): number {
    const values = this.layout.weights.reduce((sum, { dims }) => sum + dims.reduce((a, b) => a * b, 1), 0);
    return this.weightBytes < 1.5 * values ? 4 * values : this.weightBytes;
  }

  /** Reads a tensor of the backbone from its file, widened to fp32. */
  weight(name: string, dims: readonly number[]): Float32Array {
    return this.weights.step.read(name, dims);
  }

  private prompt(parameters: Parameters): number {
    return this.options.inputEmbeddings === true ? 0 : promptLength(parameters);
  }

  private sourceFeeds(parameters: Parameters, batch: Batch): Feeds {
    const feeds = this.backbone.feeds.source(batch, this.prompt(parameters));
    return { ...feeds, ...this.methodFeeds(parameters), ...this.givenFeeds(batch, batch.sourceLength) };
  }

  private behindFeeds(parameters: Parameters, batch: Batch, shared: number): Feeds | undefined {
    const feeds = this.backbone.feeds.behind?.(batch, this.prompt(parameters), shared);
    return feeds && { ...feeds, ...this.methodFeeds(parameters) };
  }

  /** Feeds of a teacher-forced pass over text and target. */
  private wholeFeeds(parameters: Parameters, batch: Batch): Feeds {
    const feeds = this.backbone.feeds.whole(batch, this.prompt(parameters));
    const columns = embeddedColumns(batch, this.layout.isCausal);
    const mask: Feeds = this.graph.readsTextMask ? { textMask: textMask(batch) } : {};
    return { ...feeds, ...this.methodFeeds(parameters), ...this.givenFeeds(batch, columns), ...mask };
  }

  private targetFeeds(parameters: Parameters, batch: Batch): Feeds {
    const feeds = this.backbone.feeds.target(batch, this.prompt(parameters));
    return { ...feeds, ...this.laterFeeds(parameters, batch, feeds) };
  }

  private methodFeeds(parameters: Parameters): Feeds {
    const { folded } = this.options;
    const feeds = parameterFeeds(parameters);
    return folded === undefined ? feeds : { ...feeds, foldedTable: tensor(folded, this.vocabularySize, this.width) };
  }

  /** The rows of tokens behind an embedded input, as the batch says or as the backbone alone embeds them. */
  private continuation({ continued }: Batch): Continuation {
    return continued ?? (({ id }) => this.embeddings.row(id));
  }

  /** The method's feeds of tokens that are read behind a text, whose own feeds are given. */
  private laterFeeds(parameters: Parameters, batch: Batch, own: Feeds): Feeds {
    const feeds = this.methodFeeds(parameters);
    if (this.options.inputEmbeddings !== true || !this.layout.isCausal) return feeds;
    return { ...feeds, continuedEmbeddings: continuedEmbeddings(own, this.continuation(batch), this.width) };
  }

  /** The embedded input of a batch that has it, (rows, columns, width). */
  private givenFeeds(batch: Batch, columns: number): Feeds {
    if (this.options.inputEmbeddings !== true) return {};
    const { inputEmbeddings: given, rows } = batch;
    if (given === undefined) throw new Error("the batch has no embedded input");
    const { width } = this;
    const data = this.layout.isCausal
      ? joinEmbeddings(batch, given, { columns, width, continued: this.continuation(batch) })
      : given;
    return { inputEmbeddings: tensor(data, rows, columns, width) };
  }

  /**
   * A graph with dropout inside the backbone. `dropouts` keeps the dropout under the program's name; it makes the masks
   * to feed.
   */
  private droppedGraph(name: string): MethodGraph {
    const dropout = new BackboneDropout();
    this.dropouts.set(name, dropout);
    return new MethodGraph(this.backbone, this.shape, { drop: dropout.apply, fused: this.engine.fused });
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
  ): Promise<StepResult> {
    const { rows, sourceLength, targetLength } = batch;
    const plan = this.graph.plan(targetLength);
    const variants = { dropout: hiddenMask !== undefined, penalised: penaltyWeight !== undefined };
    const name = programName("step", { [plan]: plan !== "", ...variants, backbone: backboneDropout !== undefined });
    const { recompute } = this;
    const outputs = () =>
      (backboneDropout ? this.droppedGraph(name) : this.graph).step(plan, { ...variants, recompute });
    const program = await this.programs.get(name, outputs, this.weights.step);
    const feeds: Feeds = {
      ...this.wholeFeeds(parameters, batch),
      lossScale: tensor(Float32Array.of(lossScale)),
    };
    const { columns, mask } = this.backbone.feeds.embedded(batch);
    const sizes = {
      B: rows,
      S: sourceLength,
      T: targetLength,
      P: this.prompt(parameters),
      N: columns,
    };
    if (backboneDropout !== undefined)
      Object.assign(feeds, this.dropouts.get(name)?.feeds(backboneDropout.rate, backboneDropout.seed, sizes));
    if (hiddenMask !== undefined) feeds["hiddenMask"] = tensor(hiddenMask, rows, columns, this.hiddenUnits);
    if (penaltyWeight !== undefined) {
      const weights = mask.map((kept) => (kept === 0 ? 0 : penaltyWeight));
      feeds["penaltyWeights"] = tensor(weights, rows, columns, 1);
    }
    return stepResult(await program.run(feeds), parameters);
  }

  /**
   * Seconds that training steps take for each of some parts, about; see `partSeconds`.
   * @param copies of the model that compute at once
   */
  partSeconds(parts: readonly StepPart[], copies: number): Promise<number[]> {
    const { engine, graph, width, recompute } = this;
    const prompt = promptRows(methodOf(this.options.method.kind).tensors(this.shape));
    return partSeconds({ engine, graph, weights: this.weights.step, prompt, width, recompute }, parts, copies);
  }

  /**
   * The factor of each squared offset in the offset penalty: `penalty` divided by the sum of the batch's squared
   * embeddings.
   */
  penaltyWeight(batch: Batch, penalty: number): number {
    const { ids, mask } = this.backbone.feeds.embedded(batch);
    let sum = 0;
    ids.forEach((id, at) => {
      if (mask[at] !== 0) for (const value of this.embeddings.row(id)) sum += value ** 2;
    });
    return penalty / sum;
  }

  /**
   * Loss and gradients with a teacher's states and logits of the same batch (see MethodGraph.distil).
   * @returns also `taught`, the divergence from the teacher without the task's own loss
   */
  async distil(
    parameters: Parameters,
    batch: Batch,
    { teacher, lossScale, weight }: DistilOptions,
  ): Promise<StepResult & { taught: number }> {
    const program = await this.programs.get("distil", () => this.graph.distil(), this.weights.step);
    const results = await program.run({
      ...this.wholeFeeds(parameters, batch),
      lossScale: tensor(Float32Array.of(lossScale)),
      distilWeight: tensor(Float32Array.of(weight)),
      ...teacherFeeds(teacher, batch, { lossScale, width: this.width, vocabulary: this.vocabularySize }),
    });
    return { ...stepResult(results, parameters), taught: results["taught"]!.data[0]! };
  }

  /**
   * Logits (.., vocabulary) of the labels, and the states of prompt and text (rows, prompt + sourceLength, width),
   * teacher-forced, no dropout.
   */
  async forward(parameters: Parameters, batch: Batch): Promise<TeacherOutputs> {
    const program = await this.programs.get("forward", () => ({ ...this.graph.forward(false, "") }), this.weights.step);
    const { logits, states } = await program.run({
      ...this.wholeFeeds(parameters, batch),
    });
    return { logits: logits!, states: states! };
  }

  /** The embedded input [P ; E'] (rows, prompt + sourceLength, width) as the method makes it. */
  async input(parameters: Parameters, batch: Batch): Promise<Float32Array> {
    const program = await this.programs.get("input", () => this.graph.input(), this.weights.step);
    return (await program.run(this.sourceFeeds(parameters, batch)))["embedded"]!.data as Float32Array;
  }

  losses(parameters: Parameters, batch: Batch): Promise<RowLosses> {
    return this.predictor.losses(parameters, batch);
  }

  predict(
    parameters: Parameters,
    batch: Batch,
    maxTokens: number,
    observe?: Observe,
  ): ReturnType<TunedModel["predict"]> {
    return this.predictor.predict(parameters, batch, maxTokens, observe);
  }

  generate(parameters: Parameters, batch: Batch, maxTokens: number, options?: GenerateOptions): Promise<number[][]> {
    return this.predictor.generate(parameters, batch, maxTokens, options);
  }

  scoreTargets(
    parameters: Parameters,
    batch: Batch,
    targets: readonly ArrayLike<number>[],
    observe?: Observe,
  ): Promise<number[][]> {
    return this.predictor.scoreTargets(parameters, batch, targets, observe);
  }

  /** @throws UserError where what computes cannot be started */
  async start(): Promise<void> {
    await this.engine.start?.();
  }

  /** See Engine.memory. */
  async deviceMemory(): Promise<DeviceMemory | undefined> {
    return this.engine.memory?.();
  }

  /** See Engine.takeNotes. */
  takeNotes(): Phrase[] {
    return this.engine.takeNotes?.() ?? [];
  }

  /** How often a start that texts share was read. */
  get startReadings(): number {
    return this.predictor.start.readings;
  }

  async release(): Promise<void> {
    this.predictor.start.release();
    await this.programs.release();
    await this.engine.release?.();
  }
}
