import { resolve } from "node:path";
import { DEVICES, EngineInput } from "../../engine/engineSpec.ts";
import { UserError } from "../../base/errors.ts";
import { english, phrase } from "../../base/phrase.ts";
import { PromptFormInput } from "../../experiment/experiment.ts";
import { PRECISIONS, PrecisionInput } from "../../engine/precisionSpec.ts";
import { evaluateFolder } from "../../training/evaluateFolder.ts";
import { command, type Options, type Parsed } from "../command.ts";
import { JSON_OUTPUT } from "../commonOptions.ts";
import { encodingLabel } from "../../base/text/encodingLabel.ts";
import { percentText } from "../../base/text/percentText.ts";
import { say, tell } from "../terminal.ts";
import { toldPreparing } from "../toldPreparing.ts";
import { WrongUse } from "../wrongUse.ts";

const OPTIONS = {
  backbone: { type: "string", value: "DIR", required: true, help: "folder of the backbone, or tiny-t5" },
  adapter: { type: "string", value: "DIR", help: "folder of the adapter" },
  data: { type: "string", value: "FILE", required: true, help: "rows of input and target, or conversations" },
  source: { type: "string", value: "TEMPLATE", help: 'how an input is made of a row; by default "{input}"' },
  target: { type: "string", value: "TEMPLATE", help: 'how a target is made of a row; by default "{target}"' },
  encoding: { type: "string", value: "NAME", help: "encoding of the data; by default what its bytes say" },
  "skip-bad-rows": { type: "boolean", help: "leave out rows that cannot be read, and say how many" },
  prompt: {
    type: "string",
    value: "FORM",
    help: "plain or chat: how a decoder-only model reads an example; by default plain, and chat for conversations",
  },
  "max-new-tokens": { type: "string", value: "N", default: "20", help: "most tokens of a prediction" },
  "max-source-length": {
    type: "string",
    value: "N",
    help: "most tokens of an input that are read; by default 256, of a decoder-only model 4096",
  },
  shots: { type: "string", value: "N", help: "solved examples before each question of a decoder-only model" },
  "shots-from": { type: "string", value: "FILE", help: "the data file that they are drawn from" },
  device: { type: "string", value: "DEVICE", default: "cpu", help: "device to compute on" },
  precision: {
    type: "string",
    value: "PRECISION",
    default: "fp32",
    help: "fp32, fp16, bf16, int8, int4 or int4-asym: how the weights of the backbone are held",
  },
  ...JSON_OUTPUT,
} as const satisfies Options;

/** @throws UserError where an option is no count */
function count(
  values: Parsed<typeof OPTIONS>["values"],
  name: "max-new-tokens" | "max-source-length" | "shots",
): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new UserError("option-not-count", phrase`--${name} must be a whole number of at least 1`);
}

/** @throws WrongUse where only one of the two options of shots is given */
function shotsOf(values: Parsed<typeof OPTIONS>["values"]): { count: number; data: string } | undefined {
  const from = values["shots-from"];
  if ((values.shots === undefined) !== (from === undefined))
    throw new WrongUse("evaluate needs both --shots and --shots-from, or neither");
  return from === undefined ? undefined : { count: count(values, "shots"), data: resolve(from) };
}

/** Evaluates on a data file. */
async function run({ values }: Parsed<typeof OPTIONS>): Promise<number> {
  if (values.backbone === undefined || values.data === undefined)
    throw new WrongUse("evaluate needs --backbone and --data");
  if (values.encoding !== undefined && encodingLabel(values.encoding) === undefined)
    throw new UserError(
      "encoding-unknown",
      phrase`--encoding: "${values.encoding}" is no encoding, such as utf-8, latin-1 or utf-16`,
    );
  const engine = EngineInput.safeParse({ device: values.device });
  if (!engine.success)
    throw new UserError("device-unknown", phrase`--device: "${values.device}" is none of ${DEVICES.join(", ")}`);
  const precision = PrecisionInput.safeParse(values.precision);
  if (!precision.success)
    throw new UserError(
      "precision-unknown",
      phrase`--precision: "${values.precision}" is none of ${PRECISIONS.join(", ")}`,
    );
  const prompt = PromptFormInput.optional().safeParse(values.prompt);
  if (!prompt.success)
    throw new UserError(
      "prompt-form-unknown",
      phrase`--prompt: "${values.prompt ?? ""}" is none of ${PromptFormInput.options.join(", ")}`,
    );
  const { notes, ...result } = await evaluateFolder({
    backbone: values.backbone === "tiny-t5" ? "tiny-t5" : resolve(values.backbone),
    adapter: values.adapter && resolve(values.adapter),
    data: resolve(values.data),
    source: values.source,
    target: values.target,
    encoding: values.encoding,
    skipBadRows: values["skip-bad-rows"],
    maxTokens: count(values, "max-new-tokens"),
    maxSourceLength: values["max-source-length"] === undefined ? undefined : count(values, "max-source-length"),
    shots: shotsOf(values),
    engine: engine.data,
    precision: precision.data.weights,
    prompt: prompt.data,
    preparing: toldPreparing(),
  });
  for (const note of notes) tell(`note: ${english(note)}\n`);
  if (values.json === true) say(JSON.stringify(result));
  else
    say(
      `loss ${result.loss.toFixed(4)}, accuracy ${percentText(result.metrics["accuracy"] ?? NaN)} (n=${result.examples.length})`,
    );
  return 0;
}

export const evaluateCommand = command({
  summary: "evaluates a backbone, with or without an adapter, on a data file",
  takes: "",
  options: OPTIONS,
  examples: [
    "adept evaluate --backbone tiny-t5 --data test.jsonl",
    "adept evaluate --backbone smollm2 --data test.jsonl --prompt chat --max-new-tokens 64",
    "adept evaluate --backbone smollm2 --data test.jsonl --shots 4 --shots-from train.jsonl",
    "adept evaluate --backbone tiny-t5 --adapter my-adapter --data test.jsonl --precision int8 --json",
  ],
  run,
});
