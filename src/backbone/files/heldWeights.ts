import type { WeightLocation } from "../../engine/program.ts";
import type { Precision } from "../../engine/precisionSpec.ts";
import { narrowFile, type Matrix } from "./narrowFile.ts";
import { readT5Config, type T5Config } from "../t5/t5Config.ts";
import { t5Layout } from "../t5/t5Layout.ts";
import { BackboneWeights } from "./weights.ts";

/**
 * `spare`: no copy is made of what a product reads, which takes no memory and more time; `checked`: files in the cache
 * have just been looked at.
 */
export interface Holding {
  precision: Precision;
  spare?: boolean | undefined;
  checked?: boolean | undefined;
}

/**
 * Every matrix of a product, and the table of embeddings; norms stay as they are, and so do the small tables of
 * position biases.
 */
const matrices = (config: T5Config): { name: string; dims: number[] }[] =>
  t5Layout(config).weights.filter(
    ({ name, dims }) => dims.length === 2 && !name.endsWith("relative_attention_bias.weight"),
  );

const NATIVE = { fp32: "float32", fp16: "float16", bf16: "bfloat16", int8: "int8" } as const;

/**
 * A T5's weights with its matrices held as asked for: those that lie so already where they lie, others in a file of the
 * cache.
 * @throws UserError where values do not fit
 */
function held(
  weights: BackboneWeights,
  config: T5Config,
  { precision, spare = false, checked = false }: Holding,
): BackboneWeights {
  if (precision === "fp32" && !spare) return weights;
  const places = new Map<string, WeightLocation>();
  const others: Matrix[] = [];
  for (const { name, dims } of matrices(config)) {
    const source = weights.locate(name, dims);
    if (precision === "fp32" || source.type === NATIVE[precision]) places.set(name, { ...source, narrow: true });
    else others.push({ name, source });
  }
  if (precision !== "fp32" && others.length > 0)
    for (const [name, place] of narrowFile(others, precision, checked)) places.set(name, place);
  return weights.heldAt(places);
}

/**
 * A T5's folder opened, its matrices held as asked for.
 * @throws UserError when config or weights are missing, damaged or do not belong together
 */
export function openT5(
  folder: string,
  holding: Holding = { precision: "fp32" },
): { weights: BackboneWeights; config: T5Config } {
  const weights = BackboneWeights.open(folder);
  const config = readT5Config(folder, weights.has("lm_head.weight"));
  return { weights: held(weights, config, holding), config };
}
