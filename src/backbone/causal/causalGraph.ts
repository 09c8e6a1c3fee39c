import { addDims, productDim, type Dim } from "../../graph/dims.ts";
import { add, concat, gather, reshape, slice } from "../../graph/ops.ts";
import { input, type Value } from "../../graph/value.ts";
import { isDropping, UNCHANGED, type BackboneChanges } from "../changes.ts";
import {
  inputOf,
  type InputEmbedding,
  type Plan,
  type SequenceGraph,
  type Step,
  type StepForm,
  type Tokens,
} from "../sequenceGraph.ts";
import { LATEST } from "./appendedCache.ts";
import type { Attended, KeyValue } from "./causalAttention.ts";
import type { CausalConfig } from "./causalConfig.ts";
import { rotationNames, scoresName, windowsOf } from "./causalInputs.ts";
import { CausalLayers } from "./causalLayers.ts";
import { PackedRows } from "./packedRows.ts";
import { isFixed } from "./rotation.ts";
import type { RotationInput } from "./rotationInput.ts";

/**
 * A decoder-only model with the inputs that CausalFeeds feeds. Prompt, text and target are adjacent in a row, and rows
 * are padded on the right, so that no query sees padding. Symbolic sizes besides those of SequenceGraph: N tokens of
 * the longest row without its last one, U given target tokens that are read after the text, M labels of a batch.
 */
export class CausalGraph implements SequenceGraph {
  readonly tokens: Tokens = tokensOf("N");
  readonly text: Tokens = tokensOf("S");
  readonly labelShape: Dim[] = ["M"];
  private readonly layers: CausalLayers;
  /**
   * Whether tokens are read without padding, and the prompt once for all rows. With dropout each row's prompt has other
   * states, and so it has where angles depend on a row's length.
   */
  private readonly isPacked: boolean;

  constructor(
    private readonly config: CausalConfig,
    changes: Partial<BackboneChanges> = {},
  ) {
    const all = { ...UNCHANGED, ...changes };
    this.layers = new CausalLayers(config, all);
    this.isPacked = !isDropping(all) && config.rotations.every(isFixed);
  }

  get table(): Value {
    return this.layers.table;
  }

  embedded(ids: Value): Value {
    return this.layers.scaled(gather(this.table, ids));
  }

  plan(): Plan {
    return "";
  }

  forward(embedding: InputEmbedding): { logits: Value; states: Value } {
    const { states } = this.read(embedding, this.tokens);
    const flat = this.flat(states);
    const length = embedding.prompt === undefined ? "S" : addDims("P", "S");
    const at = input("statesAt", ["B", length], "int32");
    return { logits: this.logitsAtLabels(flat), states: this.layers.finished(gather(flat, at)) };
  }

  prefill(embedding: InputEmbedding): { kept: Record<string, Value>; states: Value } {
    const read = this.read(embedding, this.text);
    return { kept: this.keptOf(read), states: this.layers.finished(read.states) };
  }

  /** What later passes need of a text that was read. */
  private keptOf({ states, present }: { states: Value; present: KeyValue[] }): Record<string, Value> {
    const last = this.layers.finished(gather(this.flat(states), input("lastAt", ["B"], "int32")));
    return {
      ...named("kept", present),
      firstState: reshape(last, ["B", 1, this.config.width]),
      firstLogits: this.layers.logits(last),
    };
  }

  prefillBehind(embedding: InputEmbedding): { kept: Record<string, Value> } {
    const embedded = embedding.text(this.text);
    const { positions } = this.layers;
    const x = positions === undefined ? embedded : add(embedded, gather(positions, input("absolute", ["S"], "int32")));
    const shared = this.shared();
    const rotation = this.rotations("S");
    const scores = this.scores(["S", addDims("S", "Y")]);
    const read = this.layers.run(x, (i) => ({ before: [shared[i]!], scores: scores(i), rotation: rotation(i) }));
    return { kept: this.keptOf(read) };
  }

  resume(embedding: InputEmbedding, _: Plan, isBehind = false): Value {
    const tokens: Tokens = { ids: input("ids", ["B", "U"], "int32"), places: input("places", ["B", "U"], "int32") };
    const { before, columns } = this.before(isBehind);
    const rotation = this.rotations("U");
    const scores = this.scores(["B", 1, "U", addDims("U", columns)]);
    const { states } = this.layers.run(this.later(embedding, tokens), (i) => ({
      before: before(i),
      scores: scores(i),
      rotation: rotation(i),
    }));
    const first = input("firstState", ["B", 1, this.config.width]);
    const both = concat([first, this.layers.finished(states)], 1);
    return this.layers.logits(gather(this.flat(both), input("labelAt", ["M"], "int32")));
  }

  step(embedding: InputEmbedding, _: Plan, { isBehind = false, isHeld = false }: StepForm = {}): Step {
    const tokens: Tokens = { ids: input("ids", ["B", 1], "int32"), places: input("places", ["B", 1], "int32") };
    const { before, columns } = this.before(isBehind);
    const past = isHeld ? this.cached("past", "K") : [];
    const rotation = this.rotations(1);
    const scores = this.scores(["B", 1, 1, isHeld ? addDims("K", columns, 1) : addDims(columns, 1)]);
    const { states, present } = this.layers.run(this.later(embedding, tokens), (i) => ({
      before: before(i),
      grown: past[i],
      scores: scores(i),
      rotation: rotation(i),
    }));
    const latest = concat(
      present.flatMap(({ key, value }) => [key, value]),
      2,
    );
    const cache = isHeld ? named("present", present) : { [LATEST]: latest };
    return { logits: this.layers.logits(this.layers.finished(states)), cache };
  }

  /** All layers over prompt and tokens that stand at the start of their rows, without the last norm: (B, P+N, d). */
  private read(embedding: InputEmbedding, tokens: Tokens): { states: Value; present: KeyValue[] } {
    const { positions } = this.layers;
    const placed = (x: Value, absolute: Value): Value =>
      positions === undefined ? x : add(x, gather(positions, absolute));
    const columns = tokens.ids.shape[1]!;
    const length = embedding.prompt === undefined ? columns : addDims(embedding.prompt.shape[0]!, columns);
    const [rotation, scores] = [this.rotations(length), this.scores([length, length])];
    const attended = (packed?: PackedRows) => (i: number) => ({
      before: [],
      scores: scores(i),
      rotation: rotation(i),
      packed,
    });
    const absolute = input("absolute", [length], "int32");
    if (!this.isPacked) return this.layers.run(placed(inputOf(embedding, tokens), absolute), attended());
    const { prompt } = embedding;
    const before = prompt?.shape[0] ?? 0;
    const packed = new PackedRows(columns, prompt?.shape[0]);
    const first = prompt && placed(reshape(prompt, [1, ...prompt.shape]), slice(absolute, 0, 0, before));
    const rows = placed(embedding.text(tokens), slice(absolute, 0, before, addDims(before, columns)));
    const { states, present } = this.layers.run(packed.join(first, rows), attended(packed));
    return { states: packed.whole(states), present };
  }

  /** Embedded tokens (B, n, d) that stand after the text. */
  private later(embedding: InputEmbedding, tokens: Tokens): Value {
    const x = (embedding.continued ?? embedding.text)(tokens);
    const { positions } = this.layers;
    if (positions === undefined) return x;
    return add(x, gather(positions, input("absolute", [...tokens.ids.shape], "int32")));
  }

  /** Cosines and sines of `length` places, by the layer's index; undefined for a layer without rotation. */
  private rotations(length: Dim): (layer: number) => Attended["rotation"] {
    const each = this.config.rotations.map(({ width }, i): RotationInput => {
      const names = rotationNames(i);
      const shape: Dim[] = ["B", 1, length, width / 2];
      return { cos: input(names.cos, shape), sin: input(names.sin, shape) };
    });
    return (layer) => each[this.config.layers[layer]!.rotation ?? -1];
  }

  /** The scores' addends of the given shape, one input for each window, by the layer's index. */
  private scores(shape: Dim[]): (layer: number) => Value {
    const each = new Map(windowsOf(this.config).map((window) => [window, input(scoresName(window), shape)]));
    return (layer) => each.get(this.config.layers[layer]!.window)!;
  }

  /** (B, L, d) -> (B L, d) */
  private flat(states: Value): Value {
    const [rows, length, width] = states.shape as [Dim, Dim, number];
    return reshape(states, [productDim([rows, length]), width]);
  }

  /** Logits (M, V) at the places that predict a label: a head over all places would cost the whole vocabulary each. */
  private logitsAtLabels(flat: Value): Value {
    return this.layers.logits(this.layers.finished(gather(flat, input("labelAt", ["M"], "int32"))));
  }

  /** Keys and values of prompt and text by layer, where their start may have been read apart, and their columns. */
  private before(isBehind: boolean): { before: (layer: number) => KeyValue[]; columns: Dim } {
    const kept = this.cached("kept", "X");
    const shared = isBehind ? this.shared() : [];
    return {
      before: (layer) => [...(isBehind ? [shared[layer]!] : []), kept[layer]!],
      columns: isBehind ? addDims("X", "Y") : "X",
    };
  }

  /** Keys and values of the tokens that all rows share: one row, which broadcasts. */
  private shared(): KeyValue[] {
    return this.cached("shared", "Y", 1);
  }

  private cached(kind: string, length: string, rows: Dim = "B"): KeyValue[] {
    const { keyValueHeads, headWidth, layers } = this.config;
    return layers.map((_, i) => ({
      key: input(`${kind}Key${i}`, [rows, keyValueHeads, length, headWidth]),
      value: input(`${kind}Value${i}`, [rows, keyValueHeads, length, headWidth]),
    }));
  }
}

function tokensOf(columns: string): Tokens {
  return { ids: input("ids", ["B", columns], "int32"), places: input("places", [columns], "int32") };
}

function named(kind: string, layers: readonly KeyValue[]): Record<string, Value> {
  return Object.fromEntries(
    layers.flatMap(({ key, value }, i) => [
      [`${kind}Key${i}`, key],
      [`${kind}Value${i}`, value],
    ]),
  );
}
