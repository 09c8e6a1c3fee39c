import type { Device } from "../../../src/engine/engineSpec.ts";
import type { Precision } from "../../../src/engine/precisionSpec.ts";

/**
 * A run whose memory is measured and forecast; `backbone`: "tiny-t5", a shape of the step bench, a folder or a GGUF
 * file.
 */
export interface MemoryCase {
  backbone: string;
  method: { kind: string; promptLength?: number; bottleneck?: number };
  length: number;
  target?: number;
  rows?: number;
  copies?: number;
  spare?: boolean;
  precision?: Precision;
  steps?: number;
  device?: Device;
}

const adept = { kind: "adept", promptLength: 20, bottleneck: 39 };
const prompt = { kind: "pt", promptLength: 100 };
const lora = { kind: "lora" };
const full = { kind: "full" };

/** The case of a model of one's own: its folder or GGUF file. */
export const caseOf = (backbone: string): MemoryCase => ({ backbone, method: adept, length: 64, rows: 4, steps: 2 });

export const CASES: readonly MemoryCase[] = [
  { backbone: "tiny-t5", method: adept, length: 64 },
  { backbone: "tiny-t5", method: adept, length: 64, copies: 2 },
  { backbone: "tiny-t5", method: full, length: 256 },
  { backbone: "tiny-t5", method: lora, length: 512 },
  { backbone: "d=256", method: adept, length: 64 },
  { backbone: "d=256", method: adept, length: 64, copies: 2 },
  { backbone: "d=256", method: prompt, length: 256 },
  { backbone: "d=256", method: adept, length: 512, copies: 2 },
  { backbone: "d=256", method: lora, length: 256 },
  { backbone: "d=256", method: full, length: 64 },
  { backbone: "d=256", method: full, length: 512 },
  { backbone: "tiny-t5", method: adept, length: 64, spare: true },
  { backbone: "d=256", method: adept, length: 64, spare: true },
  { backbone: "d=256", method: adept, length: 64, copies: 2, precision: "int8" },
  { backbone: "T5-base", method: adept, length: 64, steps: 2 },
  { backbone: "T5-base", method: adept, length: 64, steps: 2, spare: true },
  { backbone: "T5-base", method: adept, length: 64, steps: 2, precision: "bf16" },
  { backbone: "T5-base", method: adept, length: 64, steps: 2, precision: "int8" },
  { backbone: "T5-base", method: prompt, length: 256, steps: 1, rows: 8 },
  { backbone: "T5-base", method: lora, length: 512, steps: 1, rows: 4 },
];
