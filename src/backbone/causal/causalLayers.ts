import { add, mul } from "../../graph/ops.ts";
import { layerInput, scalar, type Value } from "../../graph/value.ts";
import type { BackboneChanges } from "../changes.ts";
import { type Attended, capped, CausalAttention, type KeyValue } from "./causalAttention.ts";
import type { CausalConfig } from "./causalConfig.ts";
import { causalFeedForward } from "./causalFeedForward.ts";
import { causalLinear } from "./causalLinear.ts";
import { causalNorm } from "./causalNorm.ts";

/** The layers of a decoder-only model as graph values, with a method's changes. */
export class CausalLayers {
  private readonly attention: CausalAttention;

  constructor(
    private readonly config: CausalConfig,
    private readonly changes: BackboneChanges,
  ) {
    this.attention = new CausalAttention(config, changes);
  }

  /**
   * All layers over x (B, L, d), without the last norm.
   * @param attended what the attention of a layer reads, by the layer's index
   * @returns the states (B, L, d), and each layer's keys and values of these places
   */
  run(x: Value, attended: (layer: number) => Attended): { states: Value; present: KeyValue[] } {
    let states = layerInput(this.dropped(x, "embedding"), 0);
    const present: KeyValue[] = [];
    this.config.layers.forEach((_, i) => {
      const made = this.layer(states, i, attended(i));
      states = layerInput(made.states, i + 1);
      present.push(made.present);
    });
    return { states, present };
  }

  private layer(x: Value, index: number, attended: Attended): { states: Value; present: KeyValue } {
    const { names, parallel, layers } = this.config;
    const layer = `${names.layers}${index}`;
    const { norms } = names;
    const attention = `${layer}.${names.attention}`;
    const { output, present } = this.attention.attend(
      this.norm(x, layer, norms.attentionInput),
      attention,
      layers[index]!,
      attended,
    );
    const changed = this.changes.sublayer(this.dropped(output, "sublayers"), { name: attention, kind: "self" });
    const between = add(x, this.norm(changed, layer, norms.attentionOutput));
    const feedForward = `${layer}.${names.feedForward}`;
    const read = this.norm(parallel ? x : between, layer, norms.feedForwardInput);
    const fed = this.dropped(causalFeedForward(read, feedForward, this.config, this.changes), "sublayers");
    const added = this.changes.sublayer(fed, { name: feedForward, kind: "feedForward" });
    return { states: add(between, this.norm(added, layer, norms.feedForwardOutput)), present };
  }

  private dropped(x: Value, place: keyof CausalConfig["dropout"]): Value {
    return this.config.dropout[place] ? this.changes.drop(x) : x;
  }

  /** @param module the norm's name in its layer; undefined: no norm at this place */
  private norm(x: Value, layer: string, module: string | undefined): Value {
    return module === undefined ? x : causalNorm(x, `${layer}.${module}`, this.config, this.changes);
  }

  /** The last norm of states (.., d). */
  finished(states: Value): Value {
    return causalNorm(states, this.config.names.finalNorm, this.config, this.changes);
  }

  /** Logits (.., V) of finished states (.., d). */
  logits(states: Value): Value {
    const { names, width, vocabulary, tied, biases, logitCap } = this.config;
    const tensor = tied ? names.embedding : undefined;
    const form = { from: width, to: vocabulary, bias: biases.head, isTransposed: false, tensor } as const;
    return capped(causalLinear(states, names.head, form, this.changes), logitCap);
  }

  /** The embedding table (V, d). */
  get table(): Value {
    return this.changes.weight(this.config.names.embedding, [this.config.vocabulary, this.config.width]);
  }

  /** The table of learned positions (rows, d); undefined: there is none. */
  get positions(): Value | undefined {
    const { names, positions, width } = this.config;
    if (names.positions === undefined || positions === undefined) return undefined;
    return this.changes.weight(names.positions, [positions, width]);
  }

  /** Rows of the embedding table, times the model's factor. */
  scaled(rows: Value): Value {
    const { embeddingScale } = this.config;
    return embeddingScale === 1 ? rows : mul(rows, scalar(embeddingScale));
  }
}
