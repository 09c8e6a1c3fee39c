import { ConfigPatterns } from "../../../src/method/peft/configPatterns.ts";
import { makePattern } from "../make/makePattern.ts";
import { texts, type Reader } from "../reader.ts";

const NAMES = [
  "encoder.block.0.layer.0.SelfAttention.q",
  "decoder.block.11.layer.2.DenseReluDense.wo",
  "model.layers.31.self_attn.q_proj",
  "a".repeat(60),
  `${"a.".repeat(40)}!`,
];

/** A regular expression of an adapter's config: for layers' names, for ends of names, for the list of layers. */
export const patternReader: Reader = {
  name: "modulePattern",
  weight: 6,
  // Its limit is one of work, of all patterns of a file.
  patience: 10_000,
  corpus: () =>
    texts(
      "encoder\\..*\\.(q|v)",
      "(?:model\\.)?layers\\.(?:[0-9]|1[0-5])\\.(?!mlp).*_proj$",
      "^(?=.*attn)(?P<n>[^.]+\\.){3,}[qkv](_proj)?",
      "block",
    ),
  make: (random) => Buffer.from(makePattern(random, 5)),
  open: () => (input) => {
    const pattern = input.toString();
    const patterns = new ConfigPatterns("adapter_config.json");
    for (const name of NAMES) {
      patterns.whole("target_modules", pattern)(name);
      patterns.end("rank_pattern", pattern)(name);
      patterns.layer("layers_pattern", pattern)(name);
    }
  },
};
