import * as z from "zod";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { checkedConfig, type ConfigFile } from "../configFile.ts";
import type { CausalChoices } from "./causalArchitecture.ts";
import { Activation } from "./activation.ts";
import { specialTokens, Token } from "./causalTokens.ts";
import { MOST_LAYERS, positive, size } from "./sharedConfig.ts";
import { refuseUnsupportedKeys } from "./unsupportedKeys.ts";

/** The names that transformers also takes for keys of the configs of GPT-2's time. */
const ALIASES: Readonly<Record<string, string>> = {
  hidden_size: "n_embd",
  num_hidden_layers: "n_layer",
  num_attention_heads: "n_head",
  max_position_embeddings: "n_positions",
};

/** The keys that configs of GPT-2's time share. */
export const OLDER_KEYS = {
  vocab_size: size,
  n_positions: size,
  n_embd: size,
  n_layer: size.max(MOST_LAYERS),
  n_head: size,
  n_inner: size.nullish(),
  activation_function: Activation.default("gelu-tanh"),
  layer_norm_epsilon: positive.default(1e-5),
  pad_token_id: Token.nullish(),
};

/**
 * Parses a config of GPT-2's time.
 * @throws UserError for a key that the schema has not and that would change the result, for a malformed one, or for
 * heads that do not divide the width
 */
export function olderConfig<T extends { n_embd: number; n_head: number }>(
  file: ConfigFile,
  schema: z.ZodObject & z.ZodType<T>,
): T {
  refuseUnsupportedKeys(file, new Set(Object.keys(schema.shape)));
  const given = z.record(z.string(), z.unknown()).safeParse(file.json);
  const json = given.success ? { ...given.data } : file.json;
  if (given.success)
    for (const [alias, key] of Object.entries(ALIASES))
      if (!(key in given.data) && alias in given.data) Object.assign(json as object, { [key]: given.data[alias] });
  const config = checkedConfig<T>({ ...file, json }, schema);
  if (config.n_embd % config.n_head !== 0)
    throw new UserError(
      "backbone-heads-indivisible",
      phrase`${file.path}: ${"n_embd"} must be a multiple of ${"n_head"}`,
    );
  return config;
}

/** The id of "<|endoftext|>" in the vocabularies of that time. */
const END = 50_256;

/**
 * The choices that models of GPT-2's time share: layer norms, dropout at every place, as many heads of keys as of
 * queries. A family adds the others.
 */
export function olderChoices(file: ConfigFile, config: z.infer<z.ZodObject<typeof OLDER_KEYS>>) {
  const { n_embd: width, n_head: heads } = config;
  return {
    vocabulary: config.vocab_size,
    width,
    hidden: config.n_inner ?? 4 * width,
    heads,
    keyValueHeads: heads,
    headWidth: width / heads,
    longest: config.n_positions,
    norm: "layer",
    epsilon: config.layer_norm_epsilon,
    activation: config.activation_function,
    embeddingScale: 1,
    dropout: { embedding: true, sublayers: true },
    ...specialTokens(file, config, END),
  } as const satisfies Partial<CausalChoices>;
}
