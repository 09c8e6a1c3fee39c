import { settled } from "../../engine/engineSpec.ts";
import { MethodInput } from "../../method/methodSpec.ts";
import type { MemoryAnswer, SetupRequest } from "../../protocol/setupQuestions.ts";
import { weightAccess } from "../../model/weightAccess.ts";
import { planCopies } from "../../model/copyPlan.ts";
import { stepRows, predictionRows } from "../../model/batchParts.ts";
import { forecastMemory } from "../../model/memory/modelMemory.ts";
import type { PartShape } from "../../model/memory/partSizes.ts";
import { resolveSizes } from "../../method/sizes.ts";
import { backboneFolder } from "../../backbone/backboneFolder.ts";
import { EVALUATED_ROWS } from "../../training/evaluation.ts";
import { backboneShape } from "../../training/memory/memoryNeed.ts";
import { availableMemory } from "../device/availableMemory.ts";

/**
 * The memory that ADePT with a budget needs on this machine's processor, with as many copies of the model as fit, where
 * all rows have these lengths.
 */
export function memoryWithin({
  backbone,
  budget,
  source,
  target,
  generated,
  rows,
}: Omit<Extract<SetupRequest, { type: "memory" }>, "id" | "type">): MemoryAnswer {
  const folder = backboneFolder(backbone);
  const shape = backboneShape(folder);
  const method = MethodInput.parse({ kind: "adept", budget });
  const sizes = resolveSizes(method, shape.architecture.layout);
  const available = availableMemory();
  const engine = settled({ device: "cpu", threads: 0, replicas: 0 });
  const { isCausal } = shape.architecture.layout;
  const length = (sizes.promptLength ?? 0) + source + (isCausal ? target : 0);
  const wanted = planCopies({ engine, method }, shape.bytes).replicas;
  const access = weightAccess(engine, {
    precision: "fp32",
    hasLevels: shape.hasLevels,
    bytes: shape.bytes,
    isCausal,
    training: true,
  });
  const longest = (parts: readonly number[][]): PartShape[] => [
    { rows: Math.max(...parts.map((part) => part.length)), source, target },
  ];
  const needOf = (copies: number): number =>
    forecastMemory({
      ...shape,
      access,
      method,
      sizes,
      device: engine.device,
      copies,
      generated,
      trained: longest(stepRows(new Array<number>(rows).fill(length))),
      evaluated: longest(predictionRows(new Array<number>(EVALUATED_ROWS).fill(length), copies)),
    }).host;
  for (let copies = wanted; copies > 1; copies--) {
    const needed = needOf(copies);
    if (needed <= available) return { needed, available };
  }
  return { needed: needOf(1), available };
}
