import { gemma2, gemma3 } from "./architectures/gemma.ts";
import { gpt2 } from "./architectures/gpt2.ts";
import { gptNeox } from "./architectures/gptNeox.ts";
import { llama } from "./architectures/llama.ts";
import { olmo2 } from "./architectures/olmo2.ts";
import { phi3 } from "./architectures/phi3.ts";
import { qwen2, qwen3 } from "./architectures/qwen.ts";
import { smollm3 } from "./architectures/smollm3.ts";
import { t5 } from "./architectures/t5.ts";
import type { GgufArchitecture } from "./ggufArchitecture.ts";

/** Every architecture that can be read from a GGUF file. */
export const ARCHITECTURES: readonly GgufArchitecture[] = [
  llama,
  qwen2,
  qwen3,
  smollm3,
  gemma2,
  gemma3,
  phi3,
  olmo2,
  gpt2,
  gptNeox,
  t5,
];
