import { createInterface } from "node:readline";
import { engineHere } from "../../engine/device/devicesHere.ts";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { loadAdapter } from "../../adapter/adapterFolder.ts";
import { encodeAll } from "../../training/batch/exampleEncoder.ts";
import { copiedWeights } from "../../training/copiedWeights.ts";
import { generatedTexts } from "../../training/generatedTexts.ts";
import { openExperimentModel } from "../../training/prepare.ts";
import { locatedExperiment } from "../../run/inputs/inputPlaces.ts";
import { command, type Parsed } from "../command.ts";
import { RUN_OPTIONS } from "../commonOptions.ts";
import { namedRun } from "../namedRun.ts";
import { SAMPLING_OPTIONS, samplingOf } from "../samplingOptions.ts";
import { say } from "../terminal.ts";
import { toldPreparing } from "../toldPreparing.ts";

const OPTIONS = { ...RUN_OPTIONS, ...SAMPLING_OPTIONS } as const;

async function standardInput(): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: process.stdin })) if (line.trim() !== "") lines.push(line);
  return lines;
}

/** Prints a prediction for the given text, or for each line of standard input. */
async function run({ values, positionals: [wanted = "latest", ...words] }: Parsed<typeof OPTIONS>): Promise<number> {
  const sampling = samplingOf(values);
  const run = namedRun(values["runs-dir"], wanted);
  const texts = words.length > 0 ? [words.join(" ")] : await standardInput();
  if (texts.length === 0)
    throw new UserError(
      "predict-text-missing",
      phrase`There is no text to predict on`,
      phrase`Give it as an argument or on standard input, a line each.`,
    );
  const given = locatedExperiment(run);
  const experiment = { ...given, engine: engineHere(given.engine) };
  await copiedWeights(experiment, toldPreparing());
  const { model, tokenizer, encoder } = await openExperimentModel(experiment);
  try {
    const { parameters } = loadAdapter(run.adapterPath, model.layout);
    const examples = await encodeAll(
      texts.map((source) => ({ source, target: "" })),
      encoder,
    );
    const predictions = await generatedTexts(model, parameters, examples, {
      maxTokens: experiment.training.maxTargetLength,
      decode: (ids) => tokenizer.decode(ids),
      sampling,
    });
    const results = examples.map(({ input }, i) => ({ input, prediction: predictions[i]! }));
    if (values.json === true) say(JSON.stringify({ run: run.id, predictions: results }));
    else for (const { prediction } of results) say(prediction);
    return 0;
  } finally {
    await model.release();
  }
}

export const predictCommand = command({
  summary: "predicts with a run: a text, or each line of standard input",
  takes: "[RUN] [TEXT]",
  options: OPTIONS,
  examples: [
    'adept predict latest "subject: hello body: lunch on friday?"',
    "adept predict latest --json < texts.txt",
    'adept predict latest --temperature 0.8 --top-p 0.9 --seed 1 "Once upon a time"',
  ],
  run,
});
