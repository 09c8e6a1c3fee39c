import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadTokenizer } from "../../src/backbone/tokenizer/tokenizer.ts";
import { batchOf } from "../models/batchOfRows.ts";
import { realPrompts, rowsOf } from "../models/realTexts.ts";
import { interval, type AddRow } from "./report/benchRow.ts";
import { figures, speedRatio } from "./report/figures.ts";
import { decodePeers, LEVELS, MODEL } from "./sides/decodePeers.ts";
import { THREADS } from "./sides/peers.ts";
import { inTurn, times } from "./sides/rounds.ts";
import { Side, type Answer, type Asked } from "./sides/side.ts";
import { sideBatch, type SideBatch } from "./sides/sideFolder.ts";

const PROMPTS = 4;
const ROWS = 8;
const QUESTIONS = 4;
const SHOTS = 3;

/** What is written for both sides: single prompts, a batch of rows, and questions behind the same shots. */
interface Files {
  file: string;
  single: number[];
  rows: number;
  questions: number;
}

async function writeBatches(folder: string): Promise<Files> {
  const tokenizer = loadTokenizer(MODEL);
  const ids = async (text: string): Promise<number[]> => Array.from(await tokenizer.encodeIds(text));
  const prompts = await Promise.all(realPrompts(ROWS).map(ids));
  const set = rowsOf("gsm8k");
  if (set.length === 0) throw new Error("gsm8k does not lie beside this checkout");
  const shots = set
    .slice(0, SHOTS)
    .map(({ question, answer }) => `Question: ${question!}\nAnswer: ${answer!}\n\n`)
    .join("");
  const questions = await Promise.all(
    set.slice(SHOTS, SHOTS + QUESTIONS).map(({ question }) => ids(`${shots}Question: ${question!}\nAnswer:`)),
  );
  const batch = (texts: number[][]): SideBatch => sideBatch(batchOf(texts.map((text) => ({ text, target: [0] }))));
  const batches = [...prompts.slice(0, PROMPTS).map((text) => batch([text])), batch(prompts), batch(questions)];
  const candidates = await Promise.all([" yes", " no", " maybe so", " 42"].map(ids));
  const file = join(folder, "batches.json");
  writeFileSync(file, JSON.stringify({ batches, candidates }));
  return { file, single: prompts.slice(0, PROMPTS).map((_, i) => i), rows: PROMPTS, questions: PROMPTS + 1 };
}

/** How many tokens two answers have in common from the start, and of how many, over all rows. */
function equalTokens(ours: readonly Answer[], theirs: readonly Answer[]): { equal: number; all: number } {
  let [equal, all] = [0, 0];
  ours.forEach((answer, round) =>
    answer.ids!.forEach((row, i) => {
      const other = theirs[round]!.ids![i]!;
      const at = row.findIndex((id, place) => id !== other[place]);
      equal += at < 0 ? row.length : at;
      all += row.length;
    }),
  );
  return { equal, all };
}

interface Chosen {
  tokens: number;
  rounds: number;
  add: AddRow;
}

/** Milliseconds of each token after the first, in each round: of all tokens, without those of the first alone. */
const perToken = (all: readonly number[], first: readonly number[], tokens: number): number[] =>
  all.map((each, round) => Math.max(0.01, each - first[round]!) / (tokens - 1));

async function compare(
  label: string,
  [ours, peer]: readonly [Side, Side | undefined],
  batches: readonly number[],
  { tokens, rounds, add }: Chosen,
): Promise<void> {
  const sides = peer === undefined ? [ours] : [ours, peer];
  const asked =
    (maxTokens: number) =>
    (round: number): Asked => ({ call: "generate", batch: batches[round % batches.length]!, maxTokens });
  const [first, all] = [await inTurn(sides, asked(1), { rounds }), await inTurn(sides, asked(tokens), { rounds })];
  const took = (side: Side): number[] => perToken(times(all.get(side)!), times(first.get(side)!), tokens);
  const processor = (side: Side): number =>
    figures(
      perToken(
        all.get(side)!.map((each) => each.processor!),
        first.get(side)!.map((each) => each.processor!),
        tokens,
      ),
    ).median;
  const count = all.get(ours)![0]!.ids!.length;
  const rate = (side: Side) => figures(took(side).map((each) => (1000 * count) / each));
  const prefill = (side: Side): string => figures(times(first.get(side)!)).median.toFixed(0);
  const row = { bench: "decode", case: label, unit: "tokens/s", ours: rate(ours) };
  if (peer === undefined) {
    add({ ...row, memory: { ours: all.get(ours)!.at(-1)!.megabytes }, note: `first token after ${prefill(ours)} ms` });
    return;
  }
  const { equal, all: of } = equalTokens(all.get(ours)!, all.get(peer)!);
  add({
    ...row,
    peer: { name: peer.name, figures: rate(peer) },
    ratio: interval(speedRatio(took(ours), took(peer))),
    memory: { ours: all.get(ours)!.at(-1)!.megabytes, peer: all.get(peer)!.at(-1)!.megabytes },
    note: `${equal} of ${of} tokens before the first that differs; first token after ${prefill(ours)} and ${prefill(peer)} ms; processor time a token ${processor(ours).toFixed(1)} and ${processor(peer).toFixed(1)} ms`,
  });
}

/** Scoring labels, and reading a start that rows share once, beside generating and reading everything. */
async function compareScoring(ours: Side, { questions }: Files, { tokens, rounds, add }: Chosen): Promise<void> {
  const ask = async (asked: Asked): Promise<Answer[]> =>
    (await inTurn([ours], () => asked, { rounds: Math.max(2, Math.floor(rounds / 4)) })).get(ours)!;
  const generated = await ask({ call: "generate", batch: questions, maxTokens: tokens });
  const whole = await ask({ call: "score", batch: questions });
  const shared = await ask({ call: "score", batch: questions, isShared: true });
  const least = (answers: readonly Answer[]): number => Math.min(...times(answers));
  const off = shared[0]!.scores!.flatMap((row, i) =>
    row.map((each, at) => Math.abs(each - whole[0]!.scores![i]![at]!)),
  );
  const row = (own: readonly Answer[], other: readonly Answer[], peer: string, note: string): void => {
    add({
      bench: "decode",
      case: `${QUESTIONS} GSM8K questions behind ${SHOTS} shots: 4 labels scored`,
      unit: "ms",
      ours: figures(times(own)),
      peer: { name: peer, figures: figures(times(other)) },
      ratio: { median: least(other) / least(own) },
      note,
    });
  };
  row(whole, generated, `${tokens} tokens generated`, "nothing shared");
  const most = Math.max(...off).toExponential(1);
  row(shared, whole, "nothing shared", `scores differ by ${most} at most; the start is read in every round`);
}

/**
 * npm run bench decode [--tokens N] [--rounds N] [--cases NAME,NAME]: greedy decoding of SmolLM2-135M beside llama.cpp
 * and onnxruntime-genai in one run, at equal precision, and scoring of labels. test/models/prepare.sh makes the model.
 * On a machine with other work the times say nothing: llama.cpp's threads then wait for each other.
 */
export async function benchDecode(args: string[], add: AddRow): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      tokens: { type: "string", default: "64" },
      rounds: { type: "string", default: "8" },
      cases: { type: "string", default: "q4,rounded,f32,genai,genai-f32,rows,scores" },
    },
  });
  if (!existsSync(LEVELS)) {
    add({
      bench: "decode",
      case: "SmolLM2-135M",
      unit: "tokens/s",
      note: "test/models/prepare.sh has not made the model",
    });
    return;
  }
  const chosen: Chosen = { tokens: Number(values.tokens), rounds: Number(values.rounds), add };
  const peers = decodePeers();
  const folder = mkdtempSync(join(tmpdir(), "adept-decode-"));
  const files = await writeBatches(folder);
  const open: Side[] = [];
  const kept = (side: Side): Side => {
    open.push(side);
    return side;
  };
  const peer = <P>(start: ((precision: P, threads: number, batches: string) => Side) | undefined, precision: P) =>
    start === undefined ? undefined : kept(start(precision, THREADS, files.file));
  const llama = (precision: "q4" | "fp32"): Side | undefined => peer(peers.llama, precision);
  const genai = (precision: "int4" | "fp32"): Side | undefined => peer(peers.genai, precision);
  const ours = (path: string, how: "exact" | "rounded" = "exact"): Side =>
    kept(Side.decode(path, THREADS, files.file, how));
  const runs: Readonly<Record<string, () => Promise<void>>> = {
    q4: () => compare("Q4_1 file, exact", [ours(LEVELS), llama("q4")], files.single, chosen),
    rounded: () =>
      compare("Q4_1 file, rounded as llama.cpp does", [ours(LEVELS, "rounded"), llama("q4")], files.single, chosen),
    f32: () => compare("fp32", [ours(MODEL), llama("fp32")], files.single, chosen),
    genai: () => compare("four bits, input in eight", [ours(LEVELS, "rounded"), genai("int4")], files.single, chosen),
    "genai-f32": () => compare("fp32", [ours(MODEL), genai("fp32")], files.single, chosen),
    rows: () => compare(`Q4_1 file, exact, ${ROWS} rows`, [ours(LEVELS), undefined], [files.rows], chosen),
    scores: () => compareScoring(ours(MODEL), files, chosen),
  };
  try {
    for (const [name, run] of Object.entries(runs))
      if (values.cases.split(",").includes(name)) {
        await run();
        for (const side of open.splice(0)) side.end();
      }
  } finally {
    for (const side of open) side.end();
    rmSync(folder, { recursive: true, force: true });
  }
}
