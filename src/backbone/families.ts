import { codegen } from "./codegen/codegen.ts";
import type { Family } from "./family.ts";
import { gemma2 } from "./gemma2/gemma2.ts";
import { gemma3, gemma3Text } from "./gemma3/gemma3.ts";
import { gpt2 } from "./gpt2/gpt2.ts";
import { gptNeox } from "./gptNeox/gptNeox.ts";
import { llama } from "./llama/llama.ts";
import { mistral } from "./mistral/mistral.ts";
import { olmo2 } from "./olmo2/olmo2.ts";
import { phi3 } from "./phi3/phi3.ts";
import { qwen2 } from "./qwen2/qwen2.ts";
import { qwen3 } from "./qwen3/qwen3.ts";
import { smollm3 } from "./smollm3/smollm3.ts";
import { mt5, t5, umt5 } from "./t5/t5.ts";

/** Every family of backbones. */
export const FAMILIES: readonly Family[] = [
  t5,
  mt5,
  umt5,
  llama,
  mistral,
  qwen2,
  qwen3,
  smollm3,
  gemma2,
  gemma3Text,
  gemma3,
  phi3,
  olmo2,
  gpt2,
  gptNeox,
  codegen,
];
