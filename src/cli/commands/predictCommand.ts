import { createInterface } from "node:readline";
import { engineHere } from "../../engine/device/devicesHere.ts";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { loadAdapter } from "../../adapter/adapterFolder.ts";
import { encodeAll } from "../../training/batch/exampleEncoder.ts";
import { evaluate } from "../../training/evaluation.ts";
import { openExperimentModel } from "../../training/prepare.ts";
import { locatedExperiment } from "../../run/inputs/inputPlaces.ts";
import { command, type Parsed } from "../command.ts";
import { RUN_OPTIONS } from "../commonOptions.ts";
import { namedRun } from "../namedRun.ts";
import { say } from "../terminal.ts";

async function standardInput(): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: process.stdin })) if (line.trim() !== "") lines.push(line);
  return lines;
}

/** Prints a prediction for the given text, or for each line of standard input. */
async function run({
  values,
  positionals: [wanted = "latest", ...words],
}: Parsed<typeof RUN_OPTIONS>): Promise<number> {
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
  const { model, tokenizer, encoder } = await openExperimentModel(experiment);
  try {
    const { parameters } = loadAdapter(run.adapterPath, model.layout);
    const examples = await encodeAll(
      texts.map((source) => ({ source, target: "" })),
      encoder,
    );
    const predictions =
      (
        await evaluate(model, parameters, examples, {
          maxTokens: experiment.training.maxTargetLength,
          decode: (ids) => tokenizer.decode(ids),
        })
      )?.predictions ?? [];
    const results = predictions.map(({ input, prediction }) => ({ input, prediction }));
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
  options: RUN_OPTIONS,
  examples: ['adept predict latest "subject: hello body: lunch on friday?"', "adept predict latest --json < texts.txt"],
  run,
});
