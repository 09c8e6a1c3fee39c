import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import type { Batch } from "../../src/backbone/batch.ts";
import { padBatch } from "../../src/training/batch/padBatch.ts";
import { golden } from "./shared.ts";

/** Rows as Hugging Face has them: text and target in one, labels -100 where there is no target. */
export interface Rows {
  input_ids: number[][];
  attention_mask: number[][];
  labels: number[][];
}

/** One case of a model's forward pass. */
export interface ForwardCase extends Rows {
  example_loss: number[];
  example_tokens: number[];
  /** By how much a logit moves if one rule of the architecture is left out. */
  mistakes?: Record<string, number>;
}

/** Greedy decoding of prompts that are padded on the left. */
export interface GenerateCase {
  max_new_tokens: number;
  eos_token_id: number | number[];
  input_ids: number[][];
  attention_mask: number[][];
  new_tokens: number[][];
  /** The least difference of a first and a second logit; or those of each token. */
  min_margin_top1_top2?: number;
  margins_top1_top2?: number[][];
}

/** The decoder-only models with a golden. */
export function causalModels(): string[] {
  if (!existsSync(golden("forward"))) return [];
  return readdirSync(golden("forward"))
    .filter((name) => name.endsWith(".json") && !name.startsWith("t5"))
    .map((name) => name.slice(0, -".json".length))
    .sort();
}

/** A text and its target. */
export interface Row {
  text: number[];
  target: number[];
}

/** Texts and targets, each padded on the right. */
export const batchOfRows = (rows: readonly Row[]): Batch =>
  padBatch(rows.map(({ text, target }) => ({ input: "", target: "", ids: text, labels: target })));

/** The tokens of each row without padding. */
export const tokensOf = ({ input_ids, attention_mask }: Pick<Rows, "input_ids" | "attention_mask">): number[][] =>
  input_ids.map((ids, row) => ids.filter((_, i) => attention_mask[row]![i] === 1));

/** The rows' texts and targets apart. */
export function batchOf({ input_ids, attention_mask, labels }: Rows): Batch {
  const rows = input_ids.map((ids, row): Row => {
    const tokens = ids
      .map((id, i) => ({ id, label: labels[row]![i]! }))
      .filter((_, i) => attention_mask[row]![i] === 1);
    const from = tokens.findIndex(({ label }) => label >= 0);
    assert.ok(from > 0 && tokens.slice(from).every(({ id, label }) => id === label), "a target ends its row");
    return { text: tokens.slice(0, from).map(({ id }) => id), target: tokens.slice(from).map(({ id }) => id) };
  });
  return batchOfRows(rows);
}
