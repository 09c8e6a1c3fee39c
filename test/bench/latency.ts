import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { analyseLatency, type Grid } from "../../src/analysis/latency/latency.ts";
import { openSubject } from "../../src/analysis/subject/openSubject.ts";
import { ResolvedExperiment } from "../../src/experiment/experiment.ts";
import { MersenneTwister } from "../../src/base/random.ts";
import { saveAdapter } from "../../src/adapter/adapterFolder.ts";
import { openExperimentModel } from "../../src/training/prepare.ts";
import type { AddRow } from "./report/benchRow.ts";
import { setFolder } from "./sides/realTexts.ts";
import { compareCheckouts, type CheckoutCase } from "./sides/checkouts.ts";
import { shapeNamed, SHAPES, type StepShape } from "./sides/shapes.ts";
import { randomBackbone, randomBatch, TINY } from "./sides/sideFolder.ts";
import type { Latency } from "../../src/protocol/results/latency.ts";

/** Texts of the task where the real ones are not beside this checkout. */
const WORDS =
  "the meeting about paper and stone was moved to tuesday because the flight is late please confirm by mail".split(" ");

/** A backbone's folder with the embedded tokenizer beside its weights. */
function withTokenizer(folder: string, backbone: string): string {
  for (const name of readdirSync(backbone))
    if (process.platform === "win32") copyFileSync(join(backbone, name), join(folder, name));
    else symlinkSync(resolve(backbone, name), join(folder, name));
  for (const name of ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"])
    if (!existsSync(join(folder, name))) copyFileSync(join(TINY, name), join(folder, name));
  return folder;
}

function taskOf(folder: string): object {
  const sst2 = setFolder("sst2");
  if (sst2 !== undefined) return { kind: "named", name: "sst2", folder: sst2 };
  writeFileSync(
    join(folder, "data.jsonl"),
    Array.from({ length: 400 }, (_, i) =>
      JSON.stringify({
        text: Array.from({ length: 5 + (i % 20) }, (__, j) => WORDS[(7 * i + j * j) % WORDS.length]).join(" "),
        label: i % 2 === 0 ? "yes" : "no",
      }),
    ).join("\n"),
  );
  return { kind: "file", train: join(folder, "data.jsonl"), source: "{text}", target: "{label}" };
}

/** The product's own analysis of ADePT with random parameters (none zero) on a backbone. */
async function latencyOf(shape: string, grid: Grid): Promise<Latency> {
  const folder = mkdtempSync(join(tmpdir(), "adept-bench-latency-"));
  try {
    const backbone = withTokenizer(folder, shape === "tiny-t5" ? TINY : randomBackbone(shapeNamed(shape)));
    const experiment = ResolvedExperiment.parse({
      name: "bench",
      task: taskOf(folder),
      backbone,
      method: { kind: "adept", promptLength: 20, bottleneck: 39 },
      training: { maxTargetLength: 4, testLimit: 256 },
    });
    const { model, sizes, initial } = await openExperimentModel(experiment);
    const random = new MersenneTwister(5);
    const adapter = join(folder, "adapter");
    saveAdapter(
      adapter,
      {
        spec: experiment.method,
        sizes,
        parameters: new Map(
          [...initial].map(([name, tensor]) => [
            name,
            { ...tensor, data: tensor.data.map((x) => x + 0.1 * random.normal()) },
          ]),
        ),
      },
      { backbone, layout: model.layout },
    );
    await model.release();
    const subject = await openSubject(experiment, adapter);
    try {
      return await analyseLatency(
        subject,
        ({ label }) => {
          console.error(`  ${shape}: ${label}`);
        },
        grid,
      );
    } finally {
      await subject.release();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const inverse = ({
  median,
  low,
  high,
}: {
  median: number;
  low: number;
  high: number;
}): { median: number; low: number; high: number } => ({ median: 1 / median, low: 1 / high, high: 1 / low });

function tell(shape: string, { rows, fold }: Latency, add: AddRow): void {
  for (const { form, length, batchSize, endToEnd, inputLayer, ratio } of rows)
    add({
      bench: "latency",
      case: `${shape}, ${form}, ${length} tokens, batch ${batchSize}`,
      unit: "ms",
      ours: { median: endToEnd.median, least: endToEnd.low, n: endToEnd.n },
      note: `${ratio.median.toFixed(3)} of the bare backbone; input layer ${inputLayer.median.toFixed(3)} ms; least: the low end of the median's interval`,
    });
  if (fold === undefined) throw new Error("ADePT has no fold");
  for (const { against, ratio, cells } of fold.against) {
    add({
      bench: "latency",
      case: `${shape}, ${fold.form}, all`,
      unit: "its time over the other's",
      peer: { name: against },
      ratio: inverse(ratio),
      note: `its time over the other's ${ratio.median.toFixed(3)} [${ratio.low.toFixed(3)}, ${ratio.high.toFixed(3)}], n = ${ratio.n}`,
    });
    for (const cell of cells)
      add({
        bench: "latency",
        case: `${shape}, ${fold.form}, ${cell.length} tokens, batch ${cell.batchSize}`,
        unit: "its time over the other's",
        peer: { name: against },
        ratio: inverse(cell.ratio),
        note: `its time over the other's ${cell.ratio.median.toFixed(3)} [${cell.ratio.low.toFixed(3)}, ${cell.ratio.high.toFixed(3)}]`,
      });
  }
  const { equal, total } = fold.predictions;
  add({
    bench: "latency",
    case: `${shape}, predictions of ${fold.form} and the run`,
    unit: "texts",
    note: `the same tokens on ${equal} of ${total}`,
  });
}

/** Encoding and greedy decoding of up to 4 tokens with ADePT, for each length and batch size. */
const decodingCases = (shape: StepShape, { lengths, batches }: Omit<Grid, "rounds">): CheckoutCase[] =>
  lengths.flatMap((sourceLength) =>
    batches.map((rows) => ({
      name: `${shape.name}, ${sourceLength} tokens, batch ${rows}`,
      unit: "ms",
      batch: randomBatch(shape.vocabulary, { rows, sourceLength, targetLength: 1 }),
      asked: { call: "generate", batch: 0, maxTokens: 4 },
    })),
  );

/**
 * npm run bench latency [SHAPE...] [--lengths 32,128,256] [--batches 1,16] [--rounds N] [--against CHECKOUT]: ADePT,
 * folded, DePT, prompt tuning with the same prompt and of the same budget, by the product's own analysis. Wanted of
 * the fold: within 2 % of prompt tuning with the same prompt, never slower than DePT, the run's own predictions. With
 * --against, this checkout's decoding beside that of another checkout instead (d=128, d=256 and T5-base).
 */
export async function benchLatency(args: string[], add: AddRow): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      lengths: { type: "string", default: "32,128,256" },
      batches: { type: "string", default: "1,16" },
      rounds: { type: "string" },
      against: { type: "string" },
    },
  });
  const numbers = (text: string): number[] => text.split(",").map(Number);
  if (values.against !== undefined) {
    const grid = { lengths: numbers(values.lengths), batches: numbers(values.batches) };
    for (const shape of SHAPES.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
      const rounds = Number(values.rounds ?? (shape.name === "T5-base" ? 8 : 30));
      await compareCheckouts(values.against, {
        bench: "latency",
        shape,
        cases: decodingCases(shape, grid),
        rounds,
        add,
      });
    }
    return;
  }
  const shapes = positionals.length === 0 ? ["tiny-t5", "d=256", "T5-base"] : positionals;
  for (const shape of shapes)
    tell(
      shape,
      await latencyOf(shape, {
        lengths: numbers(values.lengths),
        batches: numbers(values.batches),
        rounds: Number(values.rounds ?? (shape === "T5-base" ? 8 : 30)),
      }),
      add,
    );
}
