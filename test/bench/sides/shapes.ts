/** T5 v1.0 of one size; `rounds`: of the step bench. */
export interface StepShape {
  name: string;
  width: number;
  heads: number;
  headWidth: number;
  hidden: number;
  layers: number;
  vocabulary: number;
  rounds: number;
}

export const SPEC = { kind: "adept", variant: "standard", promptInit: "random", initText: "", dropout: 0 } as const;
export const SIZES = { promptLength: 20, bottleneck: 39 };
/** The step bench's batch. */
export const BATCH = { rows: 32, sourceLength: 64, targetLength: 4 };

export const SHAPES: readonly StepShape[] = [
  { name: "d=128", width: 128, heads: 4, headWidth: 32, hidden: 512, layers: 4, vocabulary: 4096, rounds: 30 },
  { name: "d=256", width: 256, heads: 8, headWidth: 32, hidden: 1024, layers: 4, vocabulary: 8192, rounds: 20 },
  { name: "T5-base", width: 768, heads: 12, headWidth: 64, hidden: 3072, layers: 12, vocabulary: 32128, rounds: 4 },
];
export const shapeNamed = (name: string): StepShape => SHAPES.find((shape) => shape.name === name)!;
