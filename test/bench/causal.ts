import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { openBackbone } from "../../src/backbone/openBackbone.ts";
import { loadTokenizer } from "../../src/backbone/tokenizer/tokenizer.ts";
import { writeSafetensors } from "../../src/backbone/files/safetensors.ts";
import { MersenneTwister } from "../../src/base/random.ts";
import { MethodInput } from "../../src/method/methodSpec.ts";
import { methodOf } from "../../src/method/registry.ts";
import { batchOf } from "../models/batchOfRows.ts";
import type { Row } from "../models/causalReferences.ts";
import { rowsOf } from "../models/realTexts.ts";
import { interval, type AddRow } from "./report/benchRow.ts";
import { figures, speedRatio } from "./report/figures.ts";
import { lacking, THREADS } from "./sides/peers.ts";
import { inTurn, times } from "./sides/rounds.ts";
import { Side, type Answer } from "./sides/side.ts";
import { sideBatch, type SideBatch } from "./sides/sideFolder.ts";

const MODEL = join(import.meta.dirname, "../cache/smollm2");
const ROWS = 8;
/** Different batches, which rounds take in turn. */
const BATCHES = 4;
/** Both sides agree in loss and gradient norm to this. */
const AGREEMENT = 1e-3;

const METHODS = {
  adept: { spec: { kind: "adept", promptInit: "random" }, sizes: { promptLength: 20, bottleneck: 39 } },
  lora: { spec: { kind: "lora", alpha: 16 }, sizes: { rank: 8 } },
} as const;
type MethodName = keyof typeof METHODS;
/** Texts and targets of a set, each at most so many tokens. */
const SETS = {
  sst2: { text: "text", target: "label", most: 64 },
  gsm8k: { text: "question", target: "answer", most: 160 },
} as const;
type SetName = keyof typeof SETS;
/** What the peer computes logits of; "all" is what transformers and PEFT do. */
const HEADS = ["all", "labels"] as const;
/** The memory setting of the engine: what an experiment has without one, and copies of the weights. */
const MEMORY = ["check", "fast"] as const;

/** Real examples in batches, as training has them: the target with its end token. */
async function batchesOf(name: SetName): Promise<SideBatch[]> {
  const { text, target, most } = SETS[name];
  const tokenizer = loadTokenizer(MODEL);
  const ends = (JSON.parse(readFileSync(join(MODEL, "config.json"), "utf8")) as { eos_token_id: number }).eos_token_id;
  const rows: Row[] = [];
  for (const row of rowsOf(name).slice(0, ROWS * BATCHES)) {
    const read = Array.from(await tokenizer.encodeIds(`${row[text]!} Label :`));
    const answer = [...(await tokenizer.encodeIds(` ${row[target]!}`)), ends];
    rows.push({ text: read.slice(0, most), target: answer.slice(0, Math.max(1, most - read.length)) });
  }
  if (rows.length < ROWS * BATCHES) throw new Error(`${name} does not lie beside this checkout`);
  return Array.from({ length: BATCHES }, (_, i) => sideBatch(batchOf(rows.slice(ROWS * i, ROWS * (i + 1)))));
}

/** The folder that both sides start from: the model, the method with its parameters (random, none zero), batches. */
function sideFolder(name: MethodName, batches: readonly SideBatch[]): string {
  const folder = mkdtempSync(join(tmpdir(), "adept-bench-"));
  for (const file of readdirSync(MODEL)) symlinkSync(resolve(MODEL, file), join(folder, file));
  const { spec, sizes } = METHODS[name];
  const { layout } = openBackbone(MODEL);
  const random = new MersenneTwister(12);
  const shape = { spec: MethodInput.parse(spec), sizes: { ...sizes, count: 0 }, layout };
  const tensors = methodOf(spec.kind)
    .tensors(shape)
    .map(({ name: tensor, sizes: dims }) => {
      const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => (random.uniform() - 0.5) / 10);
      return [tensor, { dims, data }] as const;
    });
  writeSafetensors(join(folder, "parameters.safetensors"), new Map(tensors));
  writeFileSync(join(folder, "method.json"), JSON.stringify({ spec, sizes }));
  writeFileSync(join(folder, "batches.json"), JSON.stringify({ batches, candidates: [] }));
  return folder;
}

/** @throws Error where two sides do not compute the same in some round */
function agree(ours: readonly Answer[], theirs: readonly Answer[]): void {
  ours.forEach((own, round) => {
    for (const key of ["loss", "norm"] as const) {
      const [a, b] = [own[key]!, theirs[round]![key]!];
      if (!(Math.abs(a - b) <= AGREEMENT * Math.abs(b)))
        throw new Error(`ADePT Lab and PyTorch do not compute the same ${key}: ${a} and ${b}`);
    }
  });
}

interface Chosen {
  rounds: number;
  heads: readonly (typeof HEADS)[number][];
  memory: readonly (typeof MEMORY)[number][];
  add: AddRow;
}

async function compare(method: MethodName, set: SetName, { rounds, heads, memory, add }: Chosen): Promise<void> {
  const folder = sideFolder(method, await batchesOf(set));
  const ours = memory.map((how) => ({
    how,
    side: Side.engine(folder, THREADS, "cpu", how),
  }));
  const peers = heads.map((head) => ({ head, side: Side.causalTorch(folder, THREADS, head) }));
  const sides = [...ours, ...peers].map(({ side }) => side);
  try {
    // Every batch once before what is kept, since an engine's memory grows with the shapes that it has seen.
    const found = await inTurn(sides, (round) => ({ call: "step", batch: round % BATCHES }), {
      rounds: rounds + BATCHES,
    });
    const kept = (side: Side): Answer[] => found.get(side)!.slice(BATCHES);
    for (const { how, side: our } of ours)
      for (const { head, side } of peers) {
        const [own, their] = [kept(our), kept(side)];
        agree(own, their);
        const megabytes = { ours: own.at(-1)!.megabytes, peer: their.at(-1)!.megabytes };
        add({
          bench: "causal",
          case: `SmolLM2-135M, ${set}, ${method}, memory ${how}`,
          unit: "ms/step",
          ours: figures(times(own)),
          peer: { name: `PyTorch eager, logits of ${head}`, figures: figures(times(their)) },
          ratio: interval(speedRatio(times(own), times(their))),
          memory: megabytes,
          note: `loss ${own.at(-1)!.loss!.toPrecision(6)}; memory ${(megabytes.ours / megabytes.peer).toFixed(2)} of the peer's`,
        });
      }
  } finally {
    for (const side of sides) side.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * npm run bench causal [SET...] [--methods adept,lora] [--heads all,labels] [--memory check,fast] [--rounds N]: the
 * training step of a real decoder-only model, SmolLM2-135M, beside PyTorch eager with PEFT in one run.
 * test/models/prepare.sh makes the model.
 */
export async function benchCausal(args: string[], add: AddRow): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      methods: { type: "string" },
      heads: { type: "string" },
      memory: { type: "string" },
      rounds: { type: "string" },
    },
  });
  const why = existsSync(MODEL) ? lacking("eager") : "test/models/prepare.sh has not made the model";
  if (why !== undefined) {
    add({ bench: "causal", case: "SmolLM2-135M", unit: "ms/step", note: `left out: ${why}` });
    return;
  }
  const chosen = <K extends string>(names: readonly K[], given: readonly string[] | undefined): K[] =>
    names.filter((name) => given === undefined || given.length === 0 || given.includes(name));
  console.log(`A training step of SmolLM2-135M: ${ROWS} rows, ${THREADS} threads a side`);
  for (const set of chosen(Object.keys(SETS) as SetName[], positionals))
    for (const method of chosen(Object.keys(METHODS) as MethodName[], values.methods?.split(",")))
      await compare(method, set, {
        rounds: Number(values.rounds ?? 12),
        heads: chosen(HEADS, values.heads?.split(",")),
        memory: chosen(MEMORY, values.memory?.split(",")),
        add,
      });
}
