import type { BackboneLayout } from "../backbone/layout.ts";
import type { Tensors } from "../backbone/files/safetensors.ts";
import { UserError } from "../base/errors.ts";
import type { BackboneTensor } from "../method/foldForm.ts";
import { methodOf } from "../method/registry.ts";
import { phrase } from "../base/phrase.ts";
import type { TokenRows } from "../backbone/tokenRows.ts";
import type { Adapter } from "./adapterFolder.ts";
import { OffsetRows } from "./offsetRows.ts";

/**
 * A tensor of the backbone with the method's change added, row-major; unchanged where the method does not change it.
 */
export function foldedTensor(adapter: Adapter, tensor: BackboneTensor): Float32Array {
  return methodOf(adapter.spec.kind).fold.tensor?.(adapter, tensor) ?? tensor.read();
}

/**
 * The offsets of rows of the embedding table (n, width), row-major; undefined for a method without offsets by token.
 * @param first the id of the first row
 */
export function tokenOffsets(adapter: Adapter, rows: Float32Array, width: number, first = 0): Float32Array | undefined {
  return methodOf(adapter.spec.kind).fold.tokenOffsets?.(adapter, { rows, width, first });
}

/** The offsets of the places of a text (S, width), row-major; undefined for a method without offsets by place. */
export function positionOffsets(adapter: Adapter, width: number): Float32Array | undefined {
  return methodOf(adapter.spec.kind).fold.positionOffsets?.(adapter, width);
}

/**
 * What a method adds to the backbone's input. Fields are row-major, and undefined where the method adds nothing of the
 * kind.
 */
export interface InputParts {
  /** (m, width) */
  prompt?: Float32Array | undefined;
  /** The offset of every token. */
  offsets?: TokenRows | undefined;
  /** The offset of every place (S, width). */
  positions?: Float32Array | undefined;
}

/** The prompt (m, width), row-major; undefined for a method without one. */
export function promptPart(adapter: Adapter, width: number): Float32Array | undefined {
  return methodOf(adapter.spec.kind).fold.prompt?.(adapter, width);
}

/**
 * What an adapter adds to the backbone's input. Offsets are made of the table's rows when they are asked for.
 * @param table each token's embedding
 */
export function inputParts(adapter: Adapter, table: TokenRows): InputParts {
  const { width } = table;
  const hasOffsets = methodOf(adapter.spec.kind).fold.tokenOffsets !== undefined;
  return {
    prompt: promptPart(adapter, width),
    offsets: hasOffsets
      ? new OffsetRows(table, (rows, first) => tokenOffsets(adapter, rows, width, first)!)
      : undefined,
    positions: positionOffsets(adapter, width),
  };
}

/**
 * What a method does to an encoder's input, as plain tensors, each only where the method has it: `embedding` (V, d)
 * replaces the embedding table, `prompt` (m, d) precedes the text, `positions` (S, d) is added by place. X = [prompt ;
 * embedding[ids] + positions].
 * @param table each token's embedding (V, d), row-major
 */
export function foldedInput(adapter: Adapter, table: Float32Array, width: number): Tensors {
  const prompt = promptPart(adapter, width);
  const offsets = tokenOffsets(adapter, table, width);
  const positions = positionOffsets(adapter, width);
  const tensors: Tensors = new Map();
  if (prompt !== undefined) tensors.set("prompt", { dims: [prompt.length / width, width], data: prompt });
  if (offsets !== undefined)
    tensors.set("embedding", { dims: [table.length / width, width], data: table.map((e, i) => e + offsets[i]!) });
  if (positions !== undefined) tensors.set("positions", { dims: [positions.length / width, width], data: positions });
  return tensors;
}

/** Whether an adapter changes the weight of the output layer. */
export const changesHead = (adapter: Adapter, { head }: Pick<BackboneLayout, "head">): boolean =>
  methodOf(adapter.spec.kind).fold.changesModule?.(adapter, head.module) === true;

/**
 * Checks that a method can be folded into the backbone's weights.
 * @throws UserError for a method that cannot become plain tensors of the backbone
 */
export function checkFoldable(adapter: Adapter, layout: BackboneLayout): void {
  const { kind } = adapter.spec;
  const { fold } = methodOf(kind);
  const { head, isCausal, width } = layout;
  const lacks = fold.lacks?.(layout);
  if (lacks !== undefined)
    throw new UserError(
      "fold-impossible",
      phrase`The method "${kind}" cannot be folded: its backbone has no ${lacks} that could hold it`,
      phrase`Export the adapter itself, without --folded.`,
    );
  if (isCausal && positionOffsets(adapter, width) !== undefined)
    throw new UserError(
      "fold-positions",
      phrase`The method "${kind}" cannot be folded: its offsets depend on a token's place, for which a causal model has no table`,
      phrase`Export the adapter itself, without --folded.`,
    );
  if (isCausal && methodOf(kind).offsets?.(adapter.spec).scope?.generation === "text")
    throw new UserError(
      "fold-text-offsets",
      phrase`The method cannot be folded: generated tokens get no offsets (method.offsetTokens), and the backbone has one table for these and the text`,
      phrase`Export the adapter itself, without --folded.`,
    );
  // A causal folder has the head apart, which transformers loads for any of them.
  if (head.tied && !isCausal && changesHead(adapter, layout))
    throw new UserError(
      "fold-tied-head",
      phrase`The method changes ${head.module}, whose weight this backbone shares with the embedding: it cannot be folded`,
      phrase`Export the adapter itself, without --folded.`,
    );
}
