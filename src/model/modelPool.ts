import type { Parameters } from "../method/parameters.ts";
import type { Batch, Seen, StepOptions, TunedModel } from "./model.ts";
import { layOut, partTokensOn, type Layout } from "./layOut.ts";
import { microBatches, partOptions, shares, type MicroBatch } from "./microBatches.ts";
import { Replica } from "./replica.ts";
import { T5TunedModel, type ModelOptions } from "./tunedModel.ts";

type Gradients = Awaited<ReturnType<TunedModel["step"]>>;

/**
 * A model whose batches are cut into parts: by one copy one after the other, by several at once. The parts and the
 * order of sums are the same either way, so gradients have the same bits however many there are.
 */
export class ModelPool implements TunedModel {
  private members: readonly TunedModel[] = [];
  private readonly partTokens: number | undefined;

  private constructor(
    readonly local: T5TunedModel,
    private readonly options: ModelOptions,
  ) {
    this.partTokens = partTokensOn(options.engine.device);
    this.lay(layOut(options, local.weightBytes));
  }

  /** @throws UserError when the folder's config or weights are missing, damaged or do not belong together */
  static open(options: ModelOptions): ModelPool {
    return new ModelPool(T5TunedModel.open(options), options);
  }

  private lay({ replicas, threads }: Layout): void {
    const own = { ...this.options, engine: { ...this.options.engine, threads }, checked: true };
    this.members = replicas === 1 ? [this.local] : Array.from({ length: replicas }, () => new Replica(own));
  }

  get copies(): number {
    return this.members.length;
  }

  /**
   * Leaves it at so many copies, with the threads of those that go shared among them; before anything is computed,
   * since one that has begun keeps what it holds.
   */
  limitCopies(count: number): void {
    if (count < this.copies)
      this.lay(
        layOut({ ...this.options, engine: { ...this.options.engine, replicas: count } }, this.local.weightBytes),
      );
  }

  get device(): string {
    return this.members.length === 1 ? this.local.device : `${this.local.device}, ${this.members.length} copies`;
  }

  private prompt(parameters: Parameters): number {
    return parameters.get("prompt")?.dims[0] ?? 0;
  }

  /** Each part by a member that is free, results in the order of the parts. */
  private async share<R>(
    parts: readonly MicroBatch[],
    work: (member: TunedModel, part: MicroBatch, index: number) => Promise<R>,
  ): Promise<R[]> {
    const results = new Array<R>(parts.length);
    let next = 0;
    const serve = async (member: TunedModel): Promise<void> => {
      for (let at = next++; at < parts.length; at = next++) results[at] = await work(member, parts[at]!, at);
    };
    await Promise.all(this.members.map(serve));
    return results;
  }

  async step(parameters: Parameters, batch: Batch, { offsetPenalty = 0, ...options }: StepOptions): Promise<Gradients> {
    const parts = microBatches(batch, this.prompt(parameters), this.partTokens);
    const penaltyWeight = offsetPenalty > 0 ? this.local.penaltyWeight(batch, offsetPenalty) : undefined;
    const sum = new SumInOrder();
    await this.share(parts, async (member, part, index) => {
      sum.add(
        index,
        await member.step(parameters, part.batch, {
          ...partOptions(options, part, {
            sourceLength: batch.sourceLength,
            units: this.local.hiddenUnits,
            part: index,
          }),
          penaltyWeight,
        }),
      );
    });
    return sum.total;
  }

  async losses(parameters: Parameters, batch: Batch): ReturnType<TunedModel["losses"]> {
    const parts = this.shares(parameters, batch);
    return joined(parts, await this.share(parts, (member, part) => member.losses(parameters, part.batch)), batch.rows);
  }

  async generate(parameters: Parameters, batch: Batch, maxTokens: number): Promise<number[][]> {
    const parts = this.shares(parameters, batch);
    return inOrder(
      parts,
      await this.share(parts, (member, part) => member.generate(parameters, part.batch, maxTokens)),
      batch.rows,
    );
  }

  async predict(
    parameters: Parameters,
    batch: Batch,
    maxTokens: number,
    see?: (seen: Seen) => void,
  ): ReturnType<TunedModel["predict"]> {
    if (see !== undefined) return this.local.predict(parameters, batch, maxTokens, see);
    const parts = this.shares(parameters, batch);
    const results = await this.share(parts, (member, part) => member.predict(parameters, part.batch, maxTokens));
    return {
      ...joined(parts, results, batch.rows),
      generated: inOrder(
        parts,
        results.map(({ generated }) => generated),
        batch.rows,
      ),
    };
  }

  async scoreTargets(
    parameters: Parameters,
    batch: Batch,
    targets: readonly ArrayLike<number>[],
    see?: (seen: Seen) => void,
  ): Promise<number[][]> {
    if (see !== undefined) return this.local.scoreTargets(parameters, batch, targets, see);
    const parts = this.shares(parameters, batch);
    return inOrder(
      parts,
      await this.share(parts, (member, part) => member.scoreTargets(parameters, part.batch, targets)),
      batch.rows,
    );
  }

  private shares(parameters: Parameters, batch: Batch): MicroBatch[] {
    return shares(batch, this.prompt(parameters), this.members.length);
  }

  async release(): Promise<void> {
    for (const member of new Set([this.local, ...this.members])) await member.release();
  }
}

/**
 * Gradients of parts in the order of the parts, whichever is done first; each goes as soon as it is in the sum, since
 * those of full fine-tuning are as large as the model.
 */
class SumInOrder {
  private readonly early = new Map<number, Gradients>();
  private sum: Gradients | undefined;
  private due = 0;

  add(index: number, gradients: Gradients): void {
    this.early.set(index, gradients);
    for (let next = this.early.get(this.due); next !== undefined; next = this.early.get(++this.due)) {
      this.early.delete(this.due);
      this.sum = this.sum === undefined ? next : summed(this.sum, next);
    }
  }

  get total(): Gradients {
    if (this.sum === undefined) throw new Error("a batch without rows");
    return this.sum;
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
  parts.forEach((part, i) => {
    part.rows.forEach((row, at) => {
      all[row] = found[i]![at]!;
    });
  });
  return all;
}

function joined(
  parts: readonly MicroBatch[],
  results: readonly { sum: number[]; tokens: number[] }[],
  rows: number,
): { sum: number[]; tokens: number[] } {
  return {
    sum: inOrder(
      parts,
      results.map(({ sum }) => sum),
      rows,
    ),
    tokens: inOrder(
      parts,
      results.map(({ tokens }) => tokens),
      rows,
    ),
  };
}

/** See ModelPool.open. */
export const openTunedModel = (options: ModelOptions): Promise<ModelPool> =>
  Promise.resolve().then(() => ModelPool.open(options));
