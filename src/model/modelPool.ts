import type { Batch } from "../backbone/batch.ts";
import { embeddedColumns } from "../backbone/batchRows.ts";
import type { Phrase } from "../base/phrase.ts";
import type { DeviceMemory } from "../engine/engine.ts";
import type { BackboneLayout } from "../backbone/layout.ts";

import type { Parameters } from "../method/parameters.ts";
import { partOptions, predictionParts, stepParts, type BatchPart, type RowForm } from "./batchParts.ts";
import { partTokensOn, planCopies, type CopyPlan } from "./copyPlan.ts";
import type { EmbeddingTable } from "./embeddingTable.ts";
import { LocalModel, type DistilOptions, type ModelOptions } from "./localModel.ts";
import type { GenerateOptions, Observe, RowLosses, StepOptions, StepResult, TunedModel } from "./model.ts";
import { inOrder, joinedLosses, SumInOrder } from "./partResults.ts";
import { promptLength } from "./parameterFeeds.ts";
import { Replica } from "./replica.ts";
import type { StepPart } from "./speed/partSeconds.ts";
import type { TeacherOutputs } from "./teacherFeeds.ts";

/**
 * A model that divides its batches into parts: one copy computes them in turn, several copies at the same time. The
 * parts and the order of sums do not depend on the number of copies, so neither do the bits of the gradients.
 */
export class ModelPool implements TunedModel {
  private members: readonly TunedModel[] = [];
  private partTokens: number | undefined;

  private constructor(
    private readonly local: LocalModel,
    private options: ModelOptions,
  ) {
    this.partTokens = partTokensOn(options.engine.device);
    this.openCopies(planCopies(options, local.copyBytes));
  }

  /** @throws UserError as LocalModel.open */
  static open(options: ModelOptions): ModelPool {
    return new ModelPool(LocalModel.open(options), options);
  }

  private openCopies({ replicas, threads }: CopyPlan): void {
    const own = { ...this.options, engine: { ...this.options.engine, threads }, verified: true };
    this.members = replicas === 1 ? [this.local] : Array.from({ length: replicas }, () => new Replica(own));
  }

  get copies(): number {
    return this.members.length;
  }

  /**
   * Reduces the number of copies to `count`; they share the threads of the removed copies. To be called before anything
   * is computed, since a copy keeps its threads once it has started.
   */
  limitCopies(count: number): void {
    if (count >= this.copies) return;
    this.openAnew(count);
  }

  /** Opens that many copies; they share the threads. */
  private openAnew(replicas: number): void {
    const engine = { ...this.options.engine, replicas };
    this.openCopies(planCopies({ ...this.options, engine }, this.local.copyBytes));
  }

  /** Makes training steps compute each layer a second time, to keep less. To be called before anything is computed. */
  recomputeLayers(): void {
    this.options = { ...this.options, recompute: "layers" };
    this.local.recompute = "layers";
    this.openAnew(this.copies);
  }

  /** The engine and device that compute, for display. */
  get device(): string {
    return this.members.length === 1 ? this.local.device : `${this.local.device}, ${this.members.length} copies`;
  }

  get layout(): BackboneLayout {
    return this.local.layout;
  }

  get shape(): LocalModel["shape"] {
    return this.local.shape;
  }

  /** Hidden units per token that dropout applies to in training. */
  get hiddenUnits(): number {
    return this.local.hiddenUnits;
  }

  get embeddings(): EmbeddingTable {
    return this.local.embeddings;
  }

  /** Each token's embedding (vocabulary, width), row-major. */
  get embedding(): Float32Array {
    return this.local.embedding;
  }

  /** Bytes of the backbone's tensors in their files. */
  get weightBytes(): number {
    return this.local.weightBytes;
  }

  /** Reads a tensor of the backbone from its file, widened to fp32. */
  weight(name: string, dims: readonly number[]): Float32Array {
    return this.local.weight(name, dims);
  }

  /** Computes each part on the next free copy; the results are in the order of the parts. */
  private async share<R>(
    parts: readonly BatchPart[],
    work: (member: TunedModel, part: BatchPart, index: number) => Promise<R>,
  ): Promise<R[]> {
    const results = new Array<R>(parts.length);
    let next = 0;
    const serve = async (member: TunedModel): Promise<void> => {
      for (let at = next++; at < parts.length; at = next++) results[at] = await work(member, parts[at]!, at);
    };
    await Promise.all(this.members.map(serve));
    return results;
  }

  async step(
    parameters: Parameters,
    batch: Batch,
    { offsetPenalty = 0, ...options }: StepOptions,
  ): Promise<StepResult> {
    const parts = stepParts(batch, this.form(parameters), this.partTokens);
    const penaltyWeight = offsetPenalty > 0 ? this.local.penaltyWeight(batch, offsetPenalty) : undefined;
    const { isCausal } = this.layout;
    const whole = { columns: embeddedColumns(batch, isCausal), units: this.local.hiddenUnits };
    const sum = new SumInOrder();
    await this.share(parts, async (member, part, index) => {
      const place = { ...whole, partColumns: embeddedColumns(part.batch, isCausal), part: index };
      const own = { ...partOptions(options, part, place), penaltyWeight };
      sum.add(index, await member.step(parameters, part.batch, own));
    });
    return sum.total;
  }

  /** Seconds that a training step takes for each of some parts, about, where all copies compute. */
  partSeconds(parts: readonly StepPart[]): Promise<number[]> {
    return this.local.partSeconds(parts, this.copies);
  }

  async losses(parameters: Parameters, batch: Batch): Promise<RowLosses> {
    const parts = this.predictionParts(parameters, batch);
    const results = await this.share(parts, (member, part) => member.losses(parameters, part.batch));
    return joinedLosses(parts, results, batch.rows);
  }

  async generate(
    parameters: Parameters,
    batch: Batch,
    maxTokens: number,
    options?: GenerateOptions,
  ): Promise<number[][]> {
    const parts = this.predictionParts(parameters, batch);
    const results = await this.share(parts, (member, part) =>
      member.generate(parameters, part.batch, maxTokens, options),
    );
    return inOrder(parts, results, batch.rows);
  }

  async predict(
    parameters: Parameters,
    batch: Batch,
    maxTokens: number,
    observe?: Observe,
  ): ReturnType<TunedModel["predict"]> {
    if (observe !== undefined) return this.local.predict(parameters, batch, maxTokens, observe);
    const parts = this.predictionParts(parameters, batch);
    const results = await this.share(parts, (member, part) => member.predict(parameters, part.batch, maxTokens));
    const generated = results.map((each) => each.generated);
    return { ...joinedLosses(parts, results, batch.rows), generated: inOrder(parts, generated, batch.rows) };
  }

  async scoreTargets(
    parameters: Parameters,
    batch: Batch,
    targets: readonly ArrayLike<number>[],
    observe?: Observe,
  ): Promise<number[][]> {
    if (observe !== undefined) return this.local.scoreTargets(parameters, batch, targets, observe);
    const parts = this.predictionParts(parameters, batch);
    const results = await this.share(parts, (member, part) => member.scoreTargets(parameters, part.batch, targets));
    return inOrder(parts, results, batch.rows);
  }

  /** See LocalModel.distil; computed in this thread. */
  distil(parameters: Parameters, batch: Batch, options: DistilOptions): ReturnType<LocalModel["distil"]> {
    return this.local.distil(parameters, batch, options);
  }

  /** See LocalModel.forward; computed in this thread. */
  forward(parameters: Parameters, batch: Batch): Promise<TeacherOutputs> {
    return this.local.forward(parameters, batch);
  }

  /** @throws UserError where what computes cannot be started */
  async start(): Promise<void> {
    await this.local.start();
    // Which device PyTorch chose is known once it has started.
    if (this.options.engine.device === "torch")
      this.partTokens = partTokensOn("torch", (await this.local.deviceMemory()) === undefined);
  }

  /** See Engine.memory. */
  deviceMemory(): Promise<DeviceMemory | undefined> {
    return this.local.deviceMemory();
  }

  /** See Engine.takeNotes. */
  takeNotes(): Phrase[] {
    return this.local.takeNotes();
  }

  private form(parameters: Parameters): RowForm {
    return { prompt: promptLength(parameters), isCausal: this.layout.isCausal };
  }

  private predictionParts(parameters: Parameters, batch: Batch): BatchPart[] {
    return predictionParts(batch, this.form(parameters), this.members.length);
  }

  async release(): Promise<void> {
    for (const member of new Set([this.local, ...this.members])) await member.release();
  }
}

/** See ModelPool.open. */
export async function openTunedModel(options: ModelOptions): Promise<ModelPool> {
  const pool = ModelPool.open(options);
  try {
    await pool.start();
  } catch (error) {
    await pool.release();
    throw error;
  }
  return pool;
}
