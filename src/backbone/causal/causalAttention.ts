import { addDims, productDim, type Dim } from "../../graph/dims.ts";
import {
  add,
  attention,
  broadcastTo,
  concat,
  matmul,
  mul,
  reshape,
  rotate,
  slice,
  softmax,
  tanh,
  transpose,
} from "../../graph/ops.ts";
import { scalar, type Value } from "../../graph/value.ts";
import { isDropping, type BackboneChanges } from "../changes.ts";
import type { AttentionPart, CausalConfig, LayerChoice, Rotation } from "./causalConfig.ts";
import { causalLinear } from "./causalLinear.ts";
import { causalNorm } from "./causalNorm.ts";
import type { PackedRows } from "./packedRows.ts";
import type { RotationInput } from "./rotationInput.ts";

/** Keys and values of one attention, each (B, keyValueHeads, keys, headWidth); keys are rotated. */
export interface KeyValue {
  key: Value;
  value: Value;
}

/** What attention reads besides the states. */
export interface Attended {
  /** Keys and values of places before, of this layer; in order. */
  before: readonly KeyValue[];
  /** Keys and values of the latest places, which the layer's own are joined to; absent: none. */
  grown?: KeyValue | undefined;
  /** Addends to the scores, broadcast to (B, heads, queries, keys): 0, or very low where a key is hidden. */
  scores: Value;
  /** undefined: a layer without rotation. */
  rotation: RotationInput | undefined;
  /** How the places lie in one row; absent: (B, L). There is nothing before them then. */
  packed?: PackedRows | undefined;
}

/** Rotates the first dims of each head of x (B, heads, L, headWidth) by their place's angles. */
function turned(x: Value, { width, pairs }: Rotation, angles: RotationInput): Value {
  const size = Number(x.shape.at(-1));
  const isNeighbours = pairs === "neighbours";
  if (width === size) return rotate(x, angles, isNeighbours);
  return concat([rotate(slice(x, 3, 0, width), angles, isNeighbours), slice(x, 3, width, size)], 3);
}

/** c tanh(x / c), which keeps x within c; x itself without a cap. */
export const capped = (x: Value, cap: number | undefined): Value =>
  cap === undefined ? x : mul(tanh(mul(x, scalar(1 / cap))), scalar(cap));

type Parts = Record<AttentionPart, Value>;

const mapParts = <X, Y>(parts: Record<AttentionPart, X>, change: (part: X) => Y): Record<AttentionPart, Y> => ({
  query: change(parts.query),
  key: change(parts.key),
  value: change(parts.value),
});

/** Grouped-query attention of a decoder-only model with its projections. */
export class CausalAttention {
  constructor(
    private readonly config: CausalConfig,
    private readonly changes: BackboneChanges,
  ) {}

  /**
   * @param x normed states (B, L, d), or (1, P+R, d) where places are packed
   * @param name the attention's name in the weights file
   * @returns the output, of the shape of x, and the keys and values of these places (B, ..), behind those of `grown`
   */
  attend(x: Value, name: string, choice: LayerChoice, attended: Attended): { output: Value; present: KeyValue } {
    const parts = this.parts(x, name);
    const { joined, present } =
      attended.packed === undefined
        ? this.mixed(parts, name, choice, attended)
        : this.mixedPacked(parts, name, choice, { ...attended, packed: attended.packed });
    const { names, heads, headWidth, width, biases, isTransposed } = this.config;
    const form = { from: heads * headWidth, to: width, bias: biases.attentionOutput, isTransposed };
    return { output: causalLinear(joined, `${name}.${names.attentionOutput}`, form, this.changes), present };
  }

  /** The attended values (B, L, heads x headWidth) of projected places (B, L, ..), and their keys and values. */
  private mixed(
    parts: Parts,
    name: string,
    choice: LayerChoice,
    attended: Attended,
  ): { joined: Value; present: KeyValue } {
    const { query, key, value } = this.byHead(parts, name);
    const rotation = choice.rotation === undefined ? undefined : this.config.rotations[choice.rotation];
    const angles = attended.rotation;
    const placed = (part: Value): Value =>
      rotation === undefined || angles === undefined ? part : turned(part, rotation, angles);
    const own = { key: placed(key), value };
    const { grown } = attended;
    const present =
      grown === undefined ? own : { key: concat([grown.key, own.key], 2), value: concat([grown.value, own.value], 2) };
    const mixed = this.mix(
      mul(placed(query), scalar(choice.scoreFactor ?? this.config.scoreFactor)),
      [...attended.before, present],
      attended,
    );
    const [rows, length] = parts.query.shape as [Dim, Dim, Dim];
    const inner = this.config.heads * this.config.headWidth;
    // With one place the order of the values is the same.
    return {
      joined: reshape(length === 1 ? mixed : transpose(mixed, [0, 2, 1, 3]), [rows, length, inner]),
      present,
    };
  }

  /** The same of packed places: the prompt for itself, once, and each row behind the prompt's keys and values. */
  private mixedPacked(
    parts: Parts,
    name: string,
    choice: LayerChoice,
    { packed, scores, rotation }: Attended & { packed: PackedRows },
  ): { joined: Value; present: KeyValue } {
    const split = mapParts(parts, (part) => packed.split(part));
    const [own, angles] = [packed.scores(scores), rotation && packed.rotation(rotation)];
    const prompt =
      split.query.prompt &&
      this.mixed(
        mapParts(split, (part) => part.prompt!),
        name,
        choice,
        { before: [], scores: own.prompt, rotation: angles?.prompt },
      );
    const spread = (x: Value): Value => broadcastTo(x, ["B", ...x.shape.slice(1)]);
    const rows = this.mixed(
      mapParts(split, (part) => part.rows),
      name,
      choice,
      {
        before: [],
        grown: prompt && { key: spread(prompt.present.key), value: spread(prompt.present.value) },
        scores: own.rows,
        rotation: angles?.rows,
      },
    );
    return { joined: packed.join(prompt?.joined, rows.joined), present: rows.present };
  }

  /** Queries (B, heads, L, headWidth), and keys and values (B, keyValueHeads, L, headWidth), not yet rotated. */
  private byHead(flat: Parts, name: string): Parts {
    const { names, heads, keyValueHeads, headNorm } = this.config;
    const norm = (part: Value, module: string | undefined): Value =>
      module === undefined ? part : causalNorm(part, `${name}.${module}`, this.config, this.changes);
    if (headNorm === "all")
      return {
        query: this.heads(norm(flat.query, names.queryNorm), heads),
        key: this.heads(norm(flat.key, names.keyNorm), keyValueHeads),
        value: this.heads(flat.value, keyValueHeads),
      };
    return {
      query: norm(this.heads(flat.query, heads), names.queryNorm),
      key: norm(this.heads(flat.key, keyValueHeads), names.keyNorm),
      value: this.heads(flat.value, keyValueHeads),
    };
  }

  /** Queries (B, L, heads x headWidth), keys and values (B, L, keyValueHeads x headWidth). */
  private parts(x: Value, name: string): Parts {
    const { names, width, heads, keyValueHeads, headWidth, biases, isTransposed } = this.config;
    const input = names.attentionInput;
    const sizes = { query: heads * headWidth, key: keyValueHeads * headWidth, value: keyValueHeads * headWidth };
    const project = (module: string, to: number): Value =>
      causalLinear(
        x,
        `${name}.${module}`,
        { from: width, to, bias: biases.attentionInput, isTransposed },
        this.changes,
      );
    if (input.kind === "apart")
      return {
        query: project(input.query, sizes.query),
        key: project(input.key, sizes.key),
        value: project(input.value, sizes.value),
      };
    const { groups } = input;
    const all = sizes.query + sizes.key + sizes.value;
    const [rows, length] = x.shape as [Dim, Dim, Dim];
    const fused = reshape(project(input.module, all), [rows, length, groups, all / groups]);
    const found: Partial<Parts> = {};
    let at = 0;
    for (const part of input.order) {
      const size = sizes[part] / groups;
      found[part] = reshape(slice(fused, 3, at, at + size), [rows, length, sizes[part]]);
      at += size;
    }
    return found as Parts;
  }

  /** (B, L, heads x headWidth) -> (B, heads, L, headWidth) */
  private heads(x: Value, count: number): Value {
    const [rows, length] = x.shape as [Dim, Dim, Dim];
    const { headWidth } = this.config;
    if (length === 1) return reshape(x, [rows, count, 1, headWidth]);
    return transpose(reshape(x, [rows, length, count, headWidth]), [0, 2, 1, 3]);
  }

  /**
   * The attended values (B, heads, L, headWidth). Each head of keys and values serves a group of heads of queries, one
   * behind the other. Parts of the keys stay apart, since joining them would copy them.
   */
  private mix(query: Value, parts: readonly KeyValue[], { scores: hidden }: Attended): Value {
    const { heads, keyValueHeads, headWidth, scoreCap } = this.config;
    const [only] = parts;
    if (parts.length === 1 && scoreCap === undefined && !isDropping(this.changes))
      return attention(query, only!.key, hidden, only!.value);
    const [rows, , length] = query.shape as [Dim, Dim, Dim, Dim];
    const queries = productDim([heads / keyValueHeads, length]);
    const grouped = reshape(query, [rows, keyValueHeads, queries, headWidth]);
    // With one place a group's queries all have the same hidden keys, so that scores need no shape by heads.
    const places: Dim[] = length === 1 ? [rows, keyValueHeads, queries] : [rows, heads, length];
    const found = parts.map(({ key }) => reshape(matmul(grouped, key, { transB: true }), [...places, key.shape[2]!]));
    const shares = this.changes.drop(softmax(add(capped(concat(found, 3), scoreCap), hidden)));
    let from: Dim = 0;
    const mixed = parts.map(({ key, value }): Value => {
      const keys = key.shape[2]!;
      const to = parts.length === 1 ? shares.shape[3]! : addDims(from, keys);
      const own = parts.length === 1 ? shares : slice(shares, 3, from, to);
      from = to;
      return matmul(reshape(own, [rows, keyValueHeads, queries, keys]), value);
    });
    return reshape(
      mixed.reduce((sum, each) => add(sum, each)),
      [rows, heads, length, headWidth],
    );
  }
}
