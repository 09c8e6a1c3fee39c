import { copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { saveAdapter } from "../../src/adapter/adapterFolder.ts";
import { analyseLatency, type Grid } from "../../src/analysis/latency/latency.ts";
import { openSubject } from "../../src/analysis/subject/openSubject.ts";
import { MersenneTwister } from "../../src/base/random.ts";
import { ResolvedExperiment } from "../../src/experiment/experiment.ts";
import { openExperimentModel } from "../../src/training/prepare.ts";
import { tellRow } from "./checkRow.ts";
import { BACKBONE } from "./places.ts";

const WORDS = "the meeting about paper and stone was moved to tuesday because the flight is late".split(" ");
const TOKENIZER = ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"];
const GRIDS = {
  short: { lengths: [32], batches: [1], rounds: 6 },
  whole: { lengths: [32, 128], batches: [1, 16], rounds: 12 },
} satisfies Record<string, Grid>;

/** The model's folder with the embedded tokenizer beside its weights. */
function backboneIn(folder: string, model: string): string {
  const backbone = join(folder, "backbone");
  mkdirSync(backbone, { recursive: true });
  for (const name of ["config.json", "model.safetensors"]) symlinkSync(join(model, name), join(backbone, name));
  for (const name of TOKENIZER)
    if (existsSync(join(BACKBONE, name))) copyFileSync(join(BACKBONE, name), join(backbone, name));
  return backbone;
}

function writeData(path: string): void {
  const rows = Array.from({ length: 120 }, (_, i) => ({
    text: Array.from({ length: 5 + (i % 20) }, (__, j) => WORDS[(7 * i + j * j) % WORDS.length]).join(" "),
    label: i % 2 === 0 ? "yes" : "no",
  }));
  writeFileSync(path, rows.map((row) => JSON.stringify(row)).join("\n"));
}

/** An experiment with ADePT on a backbone, and an adapter with random parameters, none zero. */
async function withAdapter(folder: string, backbone: string, device: string) {
  const data = join(folder, "data.jsonl");
  writeData(data);
  const experiment = ResolvedExperiment.parse({
    name: "check",
    task: { kind: "file", train: data, source: "{text}", target: "{label}" },
    backbone,
    method: { kind: "adept", promptLength: 20, bottleneck: 39 },
    training: { maxTargetLength: 4, testLimit: 32 },
    engine: { device: "torch", torchDevice: device },
  });
  const { model, sizes, initial } = await openExperimentModel(experiment);
  const random = new MersenneTwister(5);
  const adapter = join(folder, "adapter");
  const parameters = new Map(
    [...initial].map(([name, tensor]) => [
      name,
      { ...tensor, data: tensor.data.map((x) => x + 0.1 * random.normal()) },
    ]),
  );
  saveAdapter(adapter, { spec: experiment.method, sizes, parameters }, { backbone, layout: model.layout });
  await model.release();
  return { experiment, adapter };
}

const inverse = ({ median, low, high }: { median: number; low: number; high: number }) => ({
  median: 1 / median,
  low: 1 / high,
  high: 1 / low,
});

/** The fold's latency against prompt tuning and DePT: `latency FOLDER MODEL DEVICE short|whole`; MODEL "": embedded. */
export async function latencyPart([folder, model, device, length]: readonly string[]): Promise<void> {
  mkdirSync(folder!, { recursive: true });
  const backbone = model === "" ? BACKBONE : backboneIn(folder!, model!);
  const { experiment, adapter } = await withAdapter(folder!, backbone, device!);
  const subject = await openSubject(experiment, adapter);
  try {
    const { device: on, fold } = await analyseLatency(subject, () => undefined, GRIDS[length as keyof typeof GRIDS]);
    if (fold === undefined) throw new Error("ADePT has no fold");
    const { equal, total } = fold.predictions;
    for (const { against, ratio } of fold.against)
      tellRow({
        bench: "latency",
        case: `${fold.form}, ${model === "" ? "embedded T5" : "T5-base"}`,
        unit: "",
        peer: { name: against },
        ratio: inverse(ratio),
        note: `on ${on}; ${ratio.n} pairs; the fold's predictions are the run's on ${equal} of ${total} texts`,
      });
  } finally {
    await subject.release();
  }
}
