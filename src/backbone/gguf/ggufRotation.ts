import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import type { ConfigJson } from "./ggufArchitecture.ts";
import type { GgufFacts } from "./ggufFacts.ts";
import { llama3Scaling } from "./llama3Scaling.ts";
import { ropeFactors } from "./ropeFactors.ts";

/** The base of frequencies where a file has none: llama.cpp's. */
const USUAL_THETA = 10_000;
/** The tensor with the factors of Llama 3's scaling. */
export const ROPE_FREQS = "rope_freqs";
/** The tensors with LongRoPE's factors. */
export const LONG_FACTORS = "rope_factors_long";
export const SHORT_FACTORS = "rope_factors_short";

export const thetaOf = (facts: GgufFacts, usual = USUAL_THETA): number => facts.decimal("rope.freq_base") ?? usual;

/** The width of a head. */
export const headWidthOf = (facts: GgufFacts): number =>
  facts.number("attention.key_length") ?? facts.needed("embedding_length") / facts.needed("attention.head_count");

/** The dims of a head that rotate. */
function rotatingDims(facts: GgufFacts): number {
  return facts.number("rope.dimension_count") ?? headWidthOf(facts);
}

/** Pairs of a head that rotate. */
export const pairsOf = (facts: GgufFacts): number => Math.ceil(rotatingDims(facts) / 2);

/** The part of a head that rotates: times the width and rounded down, it gives the dims. */
export function rotatingPart(facts: GgufFacts): number {
  const [dims, width] = [rotatingDims(facts), headWidthOf(facts)];
  const part = dims / width;
  return Math.floor(part * width) < dims ? (dims + 0.25) / width : part;
}

/** The type of scaling; a file of llama.cpp's first versions has no type and is linear. */
function typeOf(facts: GgufFacts): string {
  const type = facts.text("rope.scaling.type");
  if (type !== undefined) return type;
  return facts.has(`${LONG_FACTORS}.weight`) ? "longrope" : "linear";
}

function refused(facts: GgufFacts, type: string): UserError {
  return new UserError(
    "gguf-scaling-unsupported",
    phrase`${facts.file.path}: "${facts.key("rope.scaling.type")}" is "${type.slice(0, 40)}", which is not supported with the values and tensors of this file`,
    phrase`Use a GGUF file of the model with a scaling of type none, linear, yarn or longrope, and all its values.`,
  );
}

/** The values of YaRN that the file gives, under the keys of `rope_scaling`. */
function yarn(facts: GgufFacts): ConfigJson {
  const values = {
    factor: facts.decimal("rope.scaling.factor"),
    original_max_position_embeddings: facts.number("rope.scaling.original_context_length"),
    attention_factor: facts.decimal("rope.scaling.yarn_attn_factor"),
    beta_fast: facts.decimal("rope.scaling.yarn_beta_fast"),
    beta_slow: facts.decimal("rope.scaling.yarn_beta_slow"),
  };
  return {
    rope_type: "yarn",
    ...Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)),
  };
}

/**
 * `rope_scaling` for the factors of a tensor. Where they are those of Llama 3, its own type is found, so that
 * config.json is the published one. Other factors become LongRoPE's, the same for short and long texts: it divides the
 * frequencies by them and by nothing else, so the result is exact.
 */
function ofFactors(facts: GgufFacts, factors: readonly number[]): ConfigJson {
  const found = llama3Scaling(factors, thetaOf(facts));
  if (found !== undefined) return { ...found };
  return {
    rope_type: "longrope",
    short_factor: factors,
    long_factor: factors,
    factor: 1,
    attention_factor: 1,
    original_max_position_embeddings: facts.needed("context_length"),
  };
}

/** `rope_scaling`; nothing where frequencies are not scaled. LongRoPE is Phi-3's, which reads it itself. */
function scalingOf(facts: GgufFacts): ConfigJson | undefined {
  const type = typeOf(facts);
  const factor = facts.decimal("rope.scaling.factor") ?? facts.decimal("rope.scale_linear") ?? 0;
  if (type === "yarn") return yarn(facts);
  if (type !== "none" && type !== "linear") throw refused(facts, type);
  return type === "linear" && factor !== 0 && factor !== 1 ? { rope_type: "linear", factor } : undefined;
}

/**
 * The keys of config.json that describe the rotation.
 * @param usual the base of frequencies where the file has none
 * @throws UserError for a scaling that is not supported
 */
export function rotationKeys(facts: GgufFacts, usual?: number): ConfigJson {
  const part = rotatingPart(facts);
  const scaling = scalingOf(facts);
  return {
    rope_theta: thetaOf(facts, usual),
    ...(scaling !== undefined && { rope_scaling: scaling }),
    ...(part !== 1 && { partial_rotary_factor: part }),
  };
}

/** The same, for architectures whose files may have the factors of pairs in a tensor. */
export function rotationKeysWithFactors(facts: GgufFacts): ConfigJson {
  const factors = ropeFactors(facts, `${ROPE_FREQS}.weight`, pairsOf(facts));
  const keys = rotationKeys(facts);
  if (factors === undefined || factors.every((factor) => factor === 1)) return keys;
  // Two scalings at once are in no published model.
  if (keys["rope_scaling"] !== undefined) throw refused(facts, typeOf(facts));
  return { ...keys, rope_scaling: ofFactors(facts, factors) };
}
