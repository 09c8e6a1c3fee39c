import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSubject } from "../../../src/analysis/subject/openSubject.ts";
import type { Subject } from "../../../src/analysis/subject/subject.ts";
import { ResolvedExperiment } from "../../../src/experiment/experiment.ts";
import { MersenneTwister } from "../../../src/base/random.ts";
import { saveAdapter } from "../../../src/adapter/adapterFolder.ts";
import { openExperimentModel } from "../../../src/training/prepare.ts";

/** A run that is open for analysis, in a folder that is its adapter's too. */
export interface RandomSubject {
  subject: Subject;
  folder: string;
  close: () => Promise<void>;
}

/**
 * A run whose parameters are random and none zero: at the start every property would hold of nothing.
 * @param settings of the experiment besides its task and method; the embedded backbone by default
 */
export async function randomSubject(method: object, settings: object = {}): Promise<RandomSubject> {
  const folder = mkdtempSync(join(tmpdir(), "adept-subject-"));
  const words = ["river", "stone", "light", "paper", "green", "seven"];
  writeFileSync(
    join(folder, "data.jsonl"),
    Array.from({ length: 60 }, (_, i) =>
      JSON.stringify({
        text: Array.from({ length: 1 + (i % 9) }, (__, j) => words[(i + 2 * j) % 6]).join(" "),
        label: i % 2 === 0 ? "yes" : "no",
      }),
    ).join("\n"),
  );
  const experiment = ResolvedExperiment.parse({
    name: "random",
    task: {
      kind: "file",
      train: join(folder, "data.jsonl"),
      source: "{text}",
      target: "{label}",
      split: { validation: 0.1, test: 0.4, seed: 1 },
    },
    method,
    engine: { threads: 1 },
    training: { maxTargetLength: 2 },
    ...settings,
  });
  const { model, sizes, initial } = await openExperimentModel(experiment);
  const random = new MersenneTwister(11);
  const parameters = new Map(
    [...initial].map(([name, tensor]) => [
      name,
      { ...tensor, data: Float32Array.from(tensor.data, (x) => x + 0.3 * random.normal()) },
    ]),
  );
  saveAdapter(
    folder,
    { spec: experiment.method, sizes, parameters },
    { backbone: experiment.backbone, layout: model.layout },
  );
  await model.release();
  const subject = await openSubject(experiment, folder);
  return {
    subject,
    folder,
    close: async () => {
      await subject.release();
      rmSync(folder, { recursive: true });
    },
  };
}
