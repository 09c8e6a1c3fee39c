import type { Family } from "./family.ts";
import { llama } from "./llama/llama.ts";
import { t5 } from "./t5/t5.ts";

/** Every family of backbones. */
export const FAMILIES: readonly Family[] = [t5, llama];
