import { broadcastTo, concat } from "../graph/ops.ts";
import type { Dim } from "../graph/dims.ts";
import type { Value } from "../graph/value.ts";

/**
 * Tokens of a batch. `ids`: int32 (B, N). `places`: int32 (N) or (B, N), each token's place in its text, prompt not
 * counted.
 */
export interface Tokens {
  ids: Value;
  places: Value;
}

/** How a method embeds the input of a backbone: X = [P ; E']. */
export interface InputEmbedding {
  /** The prompt (P, d), the same for every row; undefined for a method without one. */
  prompt?: Value | undefined;
  /** E' (B, N, d): the embedded tokens with the method's offsets. */
  text(tokens: Tokens): Value;
  /** The same of tokens behind a text whose own embedding is fed; absent: `text` embeds them too. */
  continued?: ((tokens: Tokens) => Value) | undefined;
}

/** The embedded input X (B, P+N, d) of tokens; the prompt gets no offset. */
export function inputOf(embedding: InputEmbedding, tokens: Tokens): Value {
  const text = embedding.text(tokens);
  const { prompt } = embedding;
  if (prompt === undefined) return text;
  return concat([broadcastTo(prompt, [text.shape[0]!, ...prompt.shape]), text], 1);
}

/**
 * One of a family's ways to compute the same result, such as one for short targets. Opaque outside the family; equal
 * plans give equal graphs. The empty string is the ordinary way.
 */
export type Plan = string;

/** The form of a step of decoding. */
export interface StepForm {
  /** Whether `prefillBehind` has read the text. */
  isBehind?: boolean;
  /** Whether keys and values stay on the device, where the host can append nothing to them. */
  isHeld?: boolean;
}

/** A step of decoding: logits (B, 1, V), and what the Decoding makes the next step's keys and values of. */
export interface Step {
  logits: Value;
  cache: Record<string, Value>;
}

/**
 * A backbone's computation as graph values, with a method's changes. Symbolic sizes: B rows, S tokens of the longest
 * text, T of the longest target, P of the prompt, X = P+S positions of a text that was read before, K earlier steps of
 * a decoding. The family's HostFeeds feed the inputs that a graph declares, under the same names.
 * An encoder-decoder encodes [P ; text] and decodes the target after a start token. A causal model reads [P ; text ;
 * target] as one sequence, where the last token of the text predicts the first of the target.
 */
export interface SequenceGraph {
  /** The embedding table (V, d), without the layout's `embeddingScale`. */
  readonly table: Value;
  /** The tokens that a method embeds in `forward`: of the text (B, S); in a causal family of text and target. */
  readonly tokens: Tokens;
  /** The text's tokens (B, S). */
  readonly text: Tokens;
  /** The shape of the labels that logits are computed for: (B, T), or (M) where only those with a loss count. */
  readonly labelShape: Dim[];
  /** E: the embedded tokens of the backbone alone, (.., d) for ids (..). */
  embedded(ids: Value): Value;
  /** The fastest plan for batches whose longest target has `targetLength` tokens. */
  plan(targetLength: number): Plan;
  /** Teacher-forced: logits (.., V) of the labels, and the last states (B, P+S, d) of prompt and text. */
  forward(embedding: InputEmbedding, plan: Plan): { logits: Value; states: Value };
  /**
   * Reads prompt and text once, for `resume` and `step`: each output of `kept` is (B, ..) and becomes an input of both.
   * In an encoder-decoder it has the decoder's cross keys and values, or the encoder's states; in a causal family each
   * layer's keys and values of [P ; text], the state of its last token, and the logits of the first new token.
   */
  prefill(embedding: InputEmbedding, plan: Plan): { kept: Record<string, Value>; states: Value };
  /**
   * `prefill` of the rest of texts (B, S) whose start was read apart: what was kept of that, for one row, is fed under
   * the names that have "shared" for "kept". Absent: a text cannot be read in parts.
   */
  prefillBehind?(embedding: InputEmbedding): { kept: Record<string, Value> };
  /**
   * Logits (.., V) of the labels of given targets after a text that `prefill` has read.
   * @param isBehind whether `prefillBehind` has read it
   */
  resume(embedding: InputEmbedding, plan: Plan, isBehind?: boolean): Value;
  /**
   * One step of decoding. A causal family embeds the step's token with the method's offset, as it embeds a target's
   * tokens in `forward`.
   */
  step(embedding: InputEmbedding, plan: Plan, form?: StepForm): Step;
}
