import { addGradients } from "./addGradients.ts";
import type { BatchPart } from "./batchParts.ts";
import type { RowLosses, StepResult } from "./model.ts";

/**
 * Sums the gradients of a batch's parts in the order of the parts, in whatever order they finish. A part's gradients
 * are dropped once they are added, since those of full fine-tuning are as large as the model.
 */
export class SumInOrder {
  private readonly early = new Map<number, StepResult>();
  private sum: StepResult | undefined;
  private due = 0;

  /**
   * Adds a part's result.
   * @param index the part's index in the batch
   */
  add(index: number, result: StepResult): void {
    this.early.set(index, result);
    for (let next = this.early.get(this.due); next !== undefined; next = this.early.get(++this.due)) {
      this.early.delete(this.due);
      this.sum = this.sum === undefined ? next : summed(this.sum, next);
    }
  }

  get total(): StepResult {
    if (this.sum === undefined) throw new Error("a batch without rows");
    return this.sum;
  }
}

function summed(total: StepResult, more: StepResult): StepResult {
  addGradients(total.gradients, more.gradients);
  return { loss: total.loss + more.loss, gradients: total.gradients };
}

/** Puts the results of the parts' rows into the order of the whole batch's rows. */
export function inOrder<R>(parts: readonly BatchPart[], results: readonly (readonly R[])[], rows: number): R[] {
  const all = new Array<R>(rows);
  parts.forEach((part, i) => {
    part.rows.forEach((row, at) => {
      all[row] = results[i]![at]!;
    });
  });
  return all;
}

/** Puts the losses of the parts' rows into the order of the whole batch's rows. */
export function joinedLosses(parts: readonly BatchPart[], results: readonly RowLosses[], rows: number): RowLosses {
  const of = (key: keyof RowLosses): number[] =>
    inOrder(
      parts,
      results.map((each) => each[key]),
      rows,
    );
  return { sum: of("sum"), tokens: of("tokens") };
}
