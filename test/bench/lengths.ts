import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { BatchSequence } from "../../src/training/batch/batchSequence.ts";
import { padBatch } from "../../src/training/batch/padBatch.ts";
import type { TokenisedExample } from "../../src/training/batch/tokenisedExample.ts";
import type { AddRow } from "./report/benchRow.ts";
import { figures } from "./report/figures.ts";
import { lacking, peerName, THREADS } from "./sides/peers.ts";
import { LENGTHS, realTexts, setFolder } from "./sides/realTexts.ts";
import { SIZES, shapeNamed } from "./sides/shapes.ts";
import { Side, type Answer } from "./sides/side.ts";
import { randomBackbone, sideBatch, SideFolder, type SideBatch } from "./sides/sideFolder.ts";

const SETS = ["sst2", "cola", "trec"];
const ROWS = 32;
const SEED = 42;
const TRAIN = 20_000;
/**
 * Memory that a step of the official recipe takes in eager mode at T5-base, MB for each row (what is kept for the
 * backward pass), and besides.
 */
const PER_ROW = 300;
const FIXED = 2500;

/** Rows of an official batch that fit into free memory. The time per example does not depend on their number. */
function peerRows(): number {
  const free =
    process.platform === "linux"
      ? Number(/MemAvailable:\s+(\d+)/.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]) / 1024
      : 8000;
  return [32, 16, 8, 4].find((rows) => FIXED + PER_ROW * rows < 0.6 * free) ?? 2;
}

/** Examples as the official recipe has them: padded to 256 tokens, however short they are. */
function officialBatch(examples: readonly TokenisedExample[]): SideBatch {
  const { rows, sourceLength, ids, mask, labels } = padBatch(examples);
  const wide = LENGTHS.maxSourceLength;
  const widened = (from: ArrayLike<number>): number[] =>
    Array.from({ length: rows * wide }, (_, i) =>
      i % wide < sourceLength ? from[Math.floor(i / wide) * sourceLength + (i % wide)]! : 0,
    );
  return { rows, ids: widened(ids), mask: widened(mask), labels: Array.from(labels) };
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Our training's batches of one set in turn with official ones of the same texts. */
async function compare(
  set: string,
  { shape, sample, official, add }: { shape: string; sample: number; official: number; add: AddRow },
): Promise<void> {
  const { examples } = await realTexts(set, "train", TRAIN);
  const sequence = new BatchSequence(examples, { batchSize: ROWS, seed: SEED, isCausal: false });
  const own = Array.from({ length: sample }, (_, i) => sequence.batch(i));
  const rows = peerRows();
  const theirs = Array.from({ length: official }, (_, i) => officialBatch(examples.slice(i * rows, (i + 1) * rows)));
  const folder = new SideFolder(randomBackbone(shapeNamed(shape)), [...own.map(sideBatch), ...theirs]);
  const ours = Side.engine(folder.path, THREADS);
  const why = lacking("eager");
  const peer = why === undefined ? Side.torch(folder.path, THREADS) : undefined;
  const lengths = examples.map(({ ids }) => ids.length).sort((a, b) => a - b);
  try {
    const perExample: number[] = [];
    const padded: number[] = [];
    let last: Answer = await ours.ask({ call: "step", batch: 0 });
    let other: Answer | undefined;
    for (let i = 0; i < sample; i++) {
      last = await ours.ask({ call: "step", batch: i });
      perExample.push(last.milliseconds / own[i]!.rows);
      // The peer's steps are few and long: they are spread evenly among ours.
      const due = Math.floor(((i + 1) * official) / sample) > Math.floor((i * official) / sample);
      if (peer === undefined || !due) continue;
      if (other === undefined) await peer.ask({ call: "step", batch: sample });
      other = await peer.ask({ call: "step", batch: sample + padded.length });
      padded.push(other.milliseconds / theirs[padded.length]!.rows);
    }
    const told = `${examples.length} texts of ${lengths[lengths.length >> 1]!} tokens at the median, ${lengths.at(-1)!} at most; prompt ${SIZES.promptLength}; mean ${mean(perExample).toFixed(1)} ms`;
    add({
      bench: "lengths",
      case: `${set}, ${shape}`,
      unit: "ms/example",
      ours: figures(perExample),
      memory: { ours: last.megabytes, peer: other?.megabytes },
      ...(padded.length === 0
        ? { note: `${told}; ${why ?? ""}` }
        : {
            peer: {
              name: `${peerName("eager")}, padded to ${LENGTHS.maxSourceLength}, batch ${rows}`,
              figures: figures(padded),
            },
            ratio: { median: mean(padded) / mean(perExample) },
            note: `${told}; the ratio is of means`,
          }),
    });
  } finally {
    ours.end();
    peer?.end();
    folder.remove();
  }
}

/**
 * npm run bench lengths [SET...] [--shape T5-base] [--batches N] [--official N]: milliseconds per example of our
 * training (batches of texts of like length, each part padded to its own longest) on real texts, against the official
 * recipe: PyTorch eager, every text padded to 256.
 */
export async function benchLengths(args: string[], add: AddRow): Promise<void> {
  const { values, positionals: names } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      shape: { type: "string", default: "T5-base" },
      batches: { type: "string", default: "12" },
      official: { type: "string", default: "3" },
    },
  });
  for (const set of SETS.filter((name) => names.length === 0 || names.includes(name))) {
    if (setFolder(set) === undefined) console.log(`${set}: its texts are not beside this checkout.`);
    else
      await compare(set, {
        shape: values.shape,
        sample: Number(values.batches),
        official: Number(values.official),
        add,
      });
  }
}
