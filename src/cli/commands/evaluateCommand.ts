import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { DEVICES, EngineInput } from "../../engine/engineSpec.ts";
import { UserError } from "../../base/errors.ts";
import { ExperimentFile } from "../../experiment/experiment.ts";
import { PRECISIONS, PrecisionInput } from "../../engine/precisionSpec.ts";
import { evaluateFolder } from "../../training/evaluateFolder.ts";
import { percent } from "../place.ts";
import { say } from "../terminal.ts";
import { WrongUse } from "../wrongUse.ts";

/**
 * adept evaluate --backbone DIR [--adapter DIR] --data FILE [--device DEVICE] [--precision fp32|fp16|bf16|int8]: JSONL,
 * CSV or TSV with the fields input and target.
 */
export async function evaluateCommand(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      backbone: { type: "string" },
      adapter: { type: "string" },
      data: { type: "string" },
      "max-new-tokens": { type: "string", default: "20" },
      device: { type: "string", default: "cpu" },
      precision: { type: "string", default: "fp32" },
      json: { type: "boolean" },
    },
  });
  if (values.backbone === undefined || values.data === undefined)
    throw new WrongUse("evaluate needs --backbone and --data");
  const engine = EngineInput.safeParse({ device: values.device });
  if (!engine.success) throw new UserError(`--device: "${values.device}" is none of ${DEVICES.join(", ")}`);
  const precision = PrecisionInput.safeParse(values.precision);
  if (!precision.success) throw new UserError(`--precision: "${values.precision}" is none of ${PRECISIONS.join(", ")}`);
  const maxTokens = Number(values["max-new-tokens"]);
  if (!Number.isInteger(maxTokens) || maxTokens < 1)
    throw new UserError("--max-new-tokens must be a whole number of at least 1");
  const defaults = ExperimentFile.shape.training.parse({});
  const result = await evaluateFolder({
    backbone: values.backbone === "tiny-t5" ? "tiny-t5" : resolve(values.backbone),
    adapter: values.adapter && resolve(values.adapter),
    data: resolve(values.data),
    maxTokens,
    maxSourceLength: defaults.maxSourceLength,
    engine: engine.data,
    precision: precision.data.weights,
  });
  if (values.json === true) say(JSON.stringify(result));
  else
    say(
      `loss ${result.loss.toFixed(4)}, accuracy ${percent(result.metrics["accuracy"] ?? NaN)} (n=${result.examples.length})`,
    );
  return 0;
}
