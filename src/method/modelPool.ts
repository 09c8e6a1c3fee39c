import { availableParallelism } from "node:os";
import type { Device } from "../experiment/engineSpec.ts";
import type { Batch, Parameters, Seen, StepOptions, TunedModel } from "../training/model.ts";
import { GPU_PART_TOKENS, microBatches, partOptions, shares, type MicroBatch } from "./microBatches.ts";
import { Replica } from "./replica.ts";
import { T5TunedModel, type ModelOptions } from "./tunedModel.ts";

/** Bytes of weights, over all copies, up to which every core gets a model of its own: that scales better than several cores at one product, and costs memory. */
const MOST_COPIED = 600e6;
const MOST_REPLICAS = 8;
const ON_GPU: readonly Device[] = ["webgpu", "cuda", "directml", "coreml"];

type Gradients = Awaited<ReturnType<TunedModel["step"]>>;

/** How many copies of a model share each batch, and the threads of each. */
export function layOut({ engine, method, embedded, folded }: ModelOptions, weightBytes: number): { replicas: number; threads: number } {
  const threads = engine.threads === 0 ? availableParallelism() : engine.threads;
  if (engine.device !== "cpu" && engine.replicas === 0) return { replicas: 1, threads: engine.threads };
  // Tensors as large as the backbone would travel each step.
  const alone = method.kind === "full" || embedded === true || folded !== undefined, own = engine.replicas > 0 ? engine.replicas : Math.min(threads, MOST_REPLICAS, Math.floor(MOST_COPIED / weightBytes));
  const replicas = alone ? 1 : Math.max(1, own);
  return { replicas, threads: Math.max(1, Math.floor(threads / replicas)) };
}

/**
 * A model whose batches are cut into parts: by one copy one after the other, by several at once. The parts and the order of sums are the same either way,
 * so gradients have the same bits however many there are.
 */
export class ModelPool implements TunedModel {
  private constructor(readonly local: T5TunedModel, private readonly members: readonly TunedModel[], private readonly partTokens: number | undefined) {}

  /** @throws UserError when the folder's config or weights are missing, damaged or do not belong together */
  static open(options: ModelOptions): ModelPool {
    const local = T5TunedModel.open(options), { replicas, threads } = layOut(options, local.weightBytes), own = { ...options, engine: { ...options.engine, threads }, checked: true };
    return new ModelPool(local, replicas === 1 ? [local] : Array.from({ length: replicas }, () => new Replica(own)), ON_GPU.includes(options.engine.device) ? GPU_PART_TOKENS : undefined);
  }

  get device(): string { return this.members.length === 1 ? this.local.device : `${this.local.device}, ${this.members.length} copies`; }

  private prompt(parameters: Parameters): number { return parameters.get("prompt")?.dims[0] ?? 0; }

  /** Each part by a member that is free, results in the order of the parts. */
  private async share<R>(parts: readonly MicroBatch[], work: (member: TunedModel, part: MicroBatch, index: number) => Promise<R>): Promise<R[]> {
    const results = new Array<R>(parts.length);
    let next = 0;
    const serve = async (member: TunedModel): Promise<void> => {
      for (let at = next++; at < parts.length; at = next++) results[at] = await work(member, parts[at]!, at);
    };
    await Promise.all(this.members.map(serve));
    return results;
  }

  async step(parameters: Parameters, batch: Batch, { offsetPenalty = 0, ...options }: StepOptions): Promise<Gradients> {
    const parts = microBatches(batch, this.prompt(parameters), this.partTokens), penaltyWeight = offsetPenalty > 0 ? this.local.penaltyWeight(batch, offsetPenalty) : undefined;
    const results = await this.share(parts, (member, part, index) => member.step(parameters, part.batch, { ...partOptions(options, part, { sourceLength: batch.sourceLength, units: this.local.hiddenUnits, part: index }), penaltyWeight }));
    return results.reduce(summed);
  }

  async losses(parameters: Parameters, batch: Batch): ReturnType<TunedModel["losses"]> {
    const parts = this.shares(parameters, batch);
    return joined(parts, await this.share(parts, (member, part) => member.losses(parameters, part.batch)), batch.rows);
  }

  async generate(parameters: Parameters, batch: Batch, maxTokens: number): Promise<number[][]> {
    const parts = this.shares(parameters, batch);
    return inOrder(parts, await this.share(parts, (member, part) => member.generate(parameters, part.batch, maxTokens)), batch.rows);
  }

  async predict(parameters: Parameters, batch: Batch, maxTokens: number, see?: (seen: Seen) => void): ReturnType<TunedModel["predict"]> {
    if (see !== undefined) return this.local.predict(parameters, batch, maxTokens, see);
    const parts = this.shares(parameters, batch), results = await this.share(parts, (member, part) => member.predict(parameters, part.batch, maxTokens));
    return { ...joined(parts, results, batch.rows), generated: inOrder(parts, results.map(({ generated }) => generated), batch.rows) };
  }

  async scoreTargets(parameters: Parameters, batch: Batch, targets: readonly ArrayLike<number>[], see?: (seen: Seen) => void): Promise<number[][]> {
    if (see !== undefined) return this.local.scoreTargets(parameters, batch, targets, see);
    const parts = this.shares(parameters, batch);
    return inOrder(parts, await this.share(parts, (member, part) => member.scoreTargets(parameters, part.batch, targets)), batch.rows);
  }

  private shares(parameters: Parameters, batch: Batch): MicroBatch[] { return shares(batch, this.prompt(parameters), this.members.length); }

  async release(): Promise<void> {
    for (const member of new Set([this.local, ...this.members])) await member.release();
  }
}

function summed(total: Gradients, more: Gradients): Gradients {
  for (const [name, values] of more.gradients) {
    const sum = total.gradients.get(name);
    if (sum === undefined) total.gradients.set(name, values);
    else for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + values[i]!;
  }
  return { loss: total.loss + more.loss, gradients: total.gradients };
}

/** What each part found of its rows, where the rows were. */
function inOrder<R>(parts: readonly MicroBatch[], found: readonly (readonly R[])[], rows: number): R[] {
  const all = new Array<R>(rows);
  parts.forEach((part, i) => { part.rows.forEach((row, at) => { all[row] = found[i]![at]!; }); });
  return all;
}

function joined(parts: readonly MicroBatch[], results: readonly { sum: number[]; tokens: number[] }[], rows: number): { sum: number[]; tokens: number[] } {
  return { sum: inOrder(parts, results.map(({ sum }) => sum), rows), tokens: inOrder(parts, results.map(({ tokens }) => tokens), rows) };
}

/** See ModelPool.open. */
export const openTunedModel = (options: ModelOptions): Promise<ModelPool> => Promise.resolve().then(() => ModelPool.open(options));
