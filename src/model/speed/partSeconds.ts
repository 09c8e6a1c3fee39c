import type { BackboneWeights } from "../../backbone/files/weights.ts";
import type { Engine } from "../../engine/engine.ts";
import type { OpValue } from "../../graph/value.ts";
import { placeOf } from "../headParts.ts";
import type { MethodGraph, Recompute } from "../methodGraph.ts";
import { partSizes, type PartShape } from "../memory/partSizes.ts";
import { measureSpeed } from "./measureSpeed.ts";
import { operationsOf, stepWork, typicalWork } from "./stepWork.ts";
import { secondsOf } from "./workSpeed.ts";

/** A part of a training batch with what is padded less than its shape says. */
export interface StepPart extends PartShape {
  /** Tokens of its longest row as it is embedded. */
  columns: number;
  /** Tokens that are predicted in all rows. */
  labels: number;
}

/** The model whose steps are forecast. */
export interface StepModel {
  engine: Engine;
  graph: MethodGraph;
  weights: BackboneWeights;
  /** Tokens of the prompt. */
  prompt: number;
  /** Values of a token between the layers. */
  width: number;
  recompute: Recompute;
}

/**
 * Forecasts the seconds that the passes forward and backward take for each part, from the work of their graph and the
 * speed of the engine at the largest part's typical products.
 */
export async function partSeconds(
  { engine, graph, weights, prompt, width, recompute }: StepModel,
  parts: readonly StepPart[],
  copies: number,
): Promise<number[]> {
  const plans = new Map<string, OpValue[]>();
  const operations = ({ target }: PartShape): OpValue[] => {
    const plan = graph.plan(target);
    const known = plans.get(plan) ?? operationsOf(graph.step(plan, { recompute }));
    plans.set(plan, known);
    return known;
  };
  const sizes = (part: StepPart): Record<string, number> => ({
    ...partSizes(part, { prompt, generated: 1 }),
    N: part.columns,
    R: part.rows * part.columns,
    M: part.labels,
  });
  const tokens = ({ rows, columns }: StepPart): number => rows * (prompt + columns);
  const middle = [...parts].sort((a, b) => tokens(a) - tokens(b))[parts.length >> 1]!;
  const speed = await measureSpeed(
    { engine, place: (matrix) => placeOf(matrix, weights) },
    typicalWork(operations(middle), sizes(middle)),
    { rows: tokens(middle), width },
  );
  return parts.map((part) => secondsOf(stepWork(operations(part), sizes(part)), speed, copies));
}
