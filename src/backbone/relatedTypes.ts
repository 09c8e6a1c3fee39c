import { phrase, type Phrase } from "../base/phrase.ts";

/** A model type that no family reads: what it has that the nearest type has not. */
interface Related {
  readonly difference: Phrase;
  /** The model type whose architecture is most like it. */
  readonly nearest: string;
}

const experts = (nearest: string): Related => ({ difference: phrase`it is a mixture of experts`, nearest });
const pictures = (nearest: string): Related => ({ difference: phrase`it reads pictures or sound too`, nearest });
const encoder = (): Related => ({ difference: phrase`it is an encoder and writes no text`, nearest: "t5" });
const positions = (nearest: string): Related => ({
  difference: phrase`it adds biases by distance (ALiBi) instead of rotating`,
  nearest,
});
const recurrent = (): Related => ({ difference: phrase`it is recurrent`, nearest: "llama" });
const latent = (nearest: string): Related => ({
  difference: phrase`its keys and values come from a compressed state`,
  nearest,
});
const seq2seq = (): Related => ({ difference: phrase`its encoder and decoder have learned positions`, nearest: "t5" });
const norms = (nearest: string): Related => ({ difference: phrase`its norms or gates are others`, nearest });
const parallel = (nearest: string): Related => ({
  difference: phrase`its parallel blocks are laid out otherwise`,
  nearest,
});
const scales = (nearest: string): Related => ({
  difference: phrase`it scales its states by factors of its own`,
  nearest,
});

/** By architecture, not by spelling. */
const RELATED: ReadonlyMap<string, Related> = new Map([
  ["mixtral", experts("mistral")],
  ["qwen2_moe", experts("qwen2")],
  ["qwen3_moe", experts("qwen3")],
  ["phimoe", experts("phi3")],
  ["olmoe", experts("olmo2")],
  ["gpt_oss", experts("llama")],
  ["granitemoe", experts("llama")],
  ["deepseek_v2", latent("llama")],
  ["deepseek_v3", latent("llama")],
  ["minicpm3", latent("llama")],
  ["llama4", experts("llama")],
  ["llama4_text", experts("llama")],
  ["mllama", pictures("llama")],
  ["llava", pictures("llama")],
  ["mistral3", pictures("mistral")],
  ["qwen2_vl", pictures("qwen2")],
  ["qwen2_5_vl", pictures("qwen2")],
  ["qwen3_vl", pictures("qwen3")],
  ["gemma3n", pictures("gemma3_text")],
  ["paligemma", pictures("gemma2")],
  ["phi4_multimodal", pictures("phi3")],
  ["smolvlm", pictures("llama")],
  ["gemma", norms("gemma2")],
  ["olmo", norms("olmo2")],
  ["olmo3", norms("olmo2")],
  ["stablelm", norms("llama")],
  ["starcoder2", norms("mistral")],
  ["nemotron", norms("llama")],
  ["glm4", norms("llama")],
  ["internlm2", norms("llama")],
  ["cohere", parallel("llama")],
  ["cohere2", parallel("llama")],
  ["phi", parallel("codegen")],
  ["gptj", parallel("codegen")],
  ["falcon", parallel("gpt_neox")],
  ["gpt_neo", norms("gpt2")],
  ["gpt_bigcode", norms("gpt2")],
  ["opt", norms("gpt2")],
  ["bloom", positions("gpt2")],
  ["mpt", positions("gpt2")],
  ["granite", scales("llama")],
  ["minicpm", scales("llama")],
  ["mamba", recurrent()],
  ["mamba2", recurrent()],
  ["rwkv", recurrent()],
  ["jamba", recurrent()],
  ["recurrent_gemma", recurrent()],
  ["bart", seq2seq()],
  ["mbart", seq2seq()],
  ["pegasus", seq2seq()],
  ["m2m_100", seq2seq()],
  ["longt5", norms("t5")],
  ["switch_transformers", experts("t5")],
  ["bert", encoder()],
  ["distilbert", encoder()],
  ["roberta", encoder()],
  ["xlm-roberta", encoder()],
  ["albert", encoder()],
  ["electra", encoder()],
  ["deberta", encoder()],
  ["deberta-v2", encoder()],
  ["modernbert", encoder()],
]);

/**
 * What is known of a model type that no family reads.
 * @param offered the types that users can choose; the nearest is one of them or not told
 */
export function relatedType(
  modelType: string,
  offered: readonly string[],
): { difference: Phrase; nearest: string | undefined } | undefined {
  const known = RELATED.get(modelType);
  if (known === undefined) return undefined;
  return { difference: known.difference, nearest: offered.includes(known.nearest) ? known.nearest : undefined };
}
