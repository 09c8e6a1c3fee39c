import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readSafetensors, type Tensors } from "../../src/backbone/files/safetensors.ts";

/** One row: a text and its target, both without end tokens of their own. */
export interface Row {
  text: number[];
  target: number[];
}
/** What PyTorch computes for each row alone. */
export interface Case {
  rows: Row[];
  /** Sum of the losses of the target's tokens. */
  losses: number[];
  /** The same where the text is read first and its keys and values are kept. */
  scores: number[];
  greedy: { tokens: number[]; margins: number[] }[];
}
export interface Expected {
  /** ADePT's sizes in the case "adept". */
  prompt: number;
  bottleneck: number;
  /** The most new tokens of `greedy`. */
  maxTokens: number;
  cases: Record<"short" | "long" | "adept", Case>;
  /** The mean loss of the tokens of the case "adept", of which the gradients are. */
  adeptLoss: number;
  /** By how much a logit of the case "long" moves where one rule of the architecture is left out. */
  mistakes: Record<string, number>;
  /** The largest difference of a logit from the same computation in fp64. */
  rounding: number;
}

/** Made by test/models/prepare.sh; ADEPT_CAUSAL names another folder, such as one of another seed. */
const MADE = process.env["ADEPT_CAUSAL"] ?? join(import.meta.dirname, "../cache/causal");

/** @throws Error where the models were not made */
export function madeModels(): string[] {
  if (!existsSync(MADE)) throw new Error(`${MADE} is missing: run test/models/prepare.sh`);
  return readdirSync(MADE)
    .filter((name) => existsSync(join(MADE, name, "expected.json")))
    .sort();
}

export const modelFolder = (name: string): string => join(MADE, name);
export const expectedOf = (name: string): Expected =>
  JSON.parse(readFileSync(join(MADE, name, "expected.json"), "utf8")) as Expected;
export const tensorsOf = (name: string): Tensors => readSafetensors(join(MADE, name, "expected.safetensors"));
