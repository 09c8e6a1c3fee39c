import { parseArgs } from "node:util";
import { padBatch } from "../../src/training/batch/padBatch.ts";
import type { TokenisedExample } from "../../src/training/batch/tokenisedExample.ts";
import { interval, type AddRow } from "./report/benchRow.ts";
import { figures, speedRatio } from "./report/figures.ts";
import { lacking, THREADS } from "./sides/peers.ts";
import { realTexts, setFolder } from "./sides/realTexts.ts";
import { inTurn, times } from "./sides/rounds.ts";
import { shapeNamed } from "./sides/shapes.ts";
import { Side, type Answer, type Asked } from "./sides/side.ts";
import { randomBackbone, sideBatch, SideFolder, TINY } from "./sides/sideFolder.ts";

const SETS = ["sst2", "trec"];
const BATCH = 64;
const EXAMPLES = 256;

/** Batches as an evaluation makes them: by length, 64 texts each. */
function batchesOf(examples: readonly TokenisedExample[]): TokenisedExample[][] {
  const sorted = [...examples].sort((a, b) => a.ids.length - b.ids.length);
  return Array.from({ length: Math.ceil(sorted.length / BATCH) }, (_, i) => sorted.slice(i * BATCH, (i + 1) * BATCH));
}

/** On how many rows two answers are the same. */
function equalRows(ours: Answer, theirs: Answer): number {
  const rows = (answer: Answer): string[] => (answer.ids ?? answer.chosen ?? []).map(String);
  const other = rows(theirs);
  return rows(ours).filter((row, i) => row === other[i]).length;
}

/** One kind of prediction of both sides over all batches, as many times as there are rounds. */
async function compare(
  label: string,
  sides: readonly Side[],
  asked: (batch: number) => Asked,
  { batches, rounds, add }: { batches: number; rounds: number; add: AddRow },
): Promise<void> {
  const [ours, peer] = sides;
  const found = await inTurn(sides, (round) => asked(round % batches), { rounds: rounds * batches, warmUp: 2 });
  const own = found.get(ours!)!;
  const theirs = peer === undefined ? undefined : found.get(peer)!;
  // A round is every batch once: batches differ in length, rounds do not.
  const perRound = (answers: readonly Answer[]): number[] =>
    Array.from({ length: rounds }, (_, round) =>
      times(answers.slice(round * batches, (round + 1) * batches)).reduce((a, b) => a + b, 0),
    );
  const rate = (all: readonly number[]): number[] => all.map((milliseconds) => (1000 * EXAMPLES) / milliseconds);
  const row = { bench: "evaluate", case: label, unit: "examples/s", ours: figures(rate(perRound(own))) };
  if (theirs === undefined) {
    add({ ...row, memory: { ours: own.at(-1)!.megabytes } });
    return;
  }
  const equal = own.slice(0, batches).reduce((sum, answer, i) => sum + equalRows(answer, theirs[i]!), 0);
  add({
    ...row,
    peer: { name: "Hugging Face, PyTorch eager", figures: figures(rate(perRound(theirs))) },
    ratio: interval(speedRatio(perRound(own), perRound(theirs))),
    memory: { ours: own.at(-1)!.megabytes, peer: theirs.at(-1)!.megabytes },
    note: `the same on ${equal} of ${EXAMPLES} texts`,
  });
  if (equal < 0.99 * EXAMPLES)
    throw new Error(`${label}: the two sides predict the same on ${equal} of ${EXAMPLES} texts alone`);
}

/**
 * npm run bench evaluate [SHAPE...] [--tokens N] [--rounds N]: examples per second of greedy generation against Hugging
 * Face's generate, and of choosing among labels, on the same texts, weights and most new tokens. Shapes: tiny-t5 (the
 * embedded backbone), or those of the step bench with random weights.
 */
export async function benchEvaluate(args: string[], add: AddRow): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { tokens: { type: "string", default: "8" }, rounds: { type: "string", default: "5" } },
  });
  const shapes = positionals.length === 0 ? ["tiny-t5", "d=256"] : positionals;
  const rounds = Number(values.rounds);
  const why = lacking("eager");
  if (why !== undefined) console.log(`Without the peer: ${why}.`);
  for (const shape of shapes)
    for (const set of SETS) {
      if (setFolder(set) === undefined) {
        console.log(`${set}: its texts are not beside this checkout.`);
        continue;
      }
      const { examples, labels } = await realTexts(set, "validation", EXAMPLES);
      const batches = batchesOf(examples);
      const folder = new SideFolder(
        shape === "tiny-t5" ? TINY : randomBackbone(shapeNamed(shape)),
        batches.map((batch) => sideBatch(padBatch(batch))),
        labels,
      );
      if (examples.length < EXAMPLES) throw new Error(`${set} has ${examples.length} texts, ${EXAMPLES} are wanted`);
      const sides = [
        Side.engine(folder.path, THREADS),
        ...(why === undefined ? [Side.torch(folder.path, THREADS)] : []),
      ];
      const how = { batches: batches.length, rounds, add };
      try {
        await compare(
          `${shape}, ${set}: generate, ${values.tokens} tokens at most`,
          sides,
          (batch) => ({ call: "generate", batch, maxTokens: Number(values.tokens) }),
          how,
        );
        await compare(
          `${shape}, ${set}: choose among ${labels.length} labels`,
          sides,
          (batch) => ({ call: "score", batch }),
          how,
        );
      } finally {
        for (const side of sides) side.end();
        folder.remove();
      }
    }
}
