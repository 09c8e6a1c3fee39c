import { engineHere } from "../../engine/device/devicesHere.ts";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { precisionText } from "../../record/precisionText.ts";
import { loadAdapter } from "../../adapter/adapterFolder.ts";
import { postEvents } from "../../run/journal/sharedJournal.ts";
import { locatedExperiment } from "../../run/inputs/inputPlaces.ts";
import { prepare } from "../../training/prepare.ts";
import { precisionCost } from "../../worker/train/precisionCost.ts";
import { command, type Parsed } from "../command.ts";
import { RUN_OPTIONS } from "../commonOptions.ts";
import { namedRun } from "../namedRun.ts";
import { say } from "../terminal.ts";
import { toldPreparing } from "../toldPreparing.ts";

/** Measures a finished run with its narrow weights and with fp32, and appends the result to its journal. */
async function run({ values, positionals: [wanted = "latest"] }: Parsed<typeof RUN_OPTIONS>): Promise<number> {
  const run = namedRun(values["runs-dir"], wanted);
  const given = locatedExperiment(run);
  if (given.precision.weights === "fp32")
    throw new UserError(
      "precision-nothing-to-compare",
      phrase`Run ${run.id} has fp32 weights: there is nothing to compare`,
      phrase`Choose a run whose experiment has a narrower precision.`,
    );
  const prepared = await prepare({ ...given, engine: engineHere(given.engine) }, toldPreparing());
  try {
    const { parameters } = loadAdapter(run.adapterPath, prepared.model.layout);
    const cost = await precisionCost(prepared, parameters, { label: "trained", stopRequested: () => false });
    if (cost === undefined)
      throw new UserError("precision-examples-missing", phrase`Run ${run.id} has no examples to compare on`);
    postEvents(run.path, cost);
    say(
      values.json === true ? JSON.stringify({ run: run.id, ...cost, text: precisionText(cost) }) : precisionText(cost),
    );
    return 0;
  } finally {
    await prepared.model.release();
  }
}

export const precisionCommand = command({
  summary: "measures what the narrower weights of a finished run cost beside fp32",
  takes: "[RUN]",
  options: RUN_OPTIONS,
  examples: ["adept precision latest"],
  run,
});
