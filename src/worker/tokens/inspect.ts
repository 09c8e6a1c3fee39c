import { loadTokenizer } from "../../backbone/tokenizer/tokenizer.ts";
import { UserError } from "../../base/errors.ts";
import { openBackbone } from "../../backbone/openBackbone.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";
import { explained } from "../../base/text/explain.ts";
import { MethodInput } from "../../method/methodSpec.ts";
import type { Inspection, SetupRequest, SizesAnswer } from "../../protocol/setupQuestions.ts";
import { resolveSizes } from "../../method/sizes.ts";
import { guessColumnRoles, templatesOf, type GuessedColumn } from "../../task/rows/guessColumnRoles.ts";
import { chatExample } from "../../task/chat/loadChatTask.ts";
import { hasTurns } from "../../task/chat/rowTurns.ts";
import type { Example } from "../../task/example.ts";
import type { SomeRows } from "../../task/rows/readRows.ts";
import type { Row } from "../../task/rows/row.ts";
import { looksHeaderless } from "../../task/rows/looksHeaderless.ts";
import { encodeAll, type ExampleEncoder } from "../../training/batch/exampleEncoder.ts";
import { openEncoder } from "../../training/batch/openEncoder.ts";
import { columnsOf, compileTemplate } from "../../task/template.ts";
import { backboneFolder } from "../../backbone/backboneFolder.ts";
import { KnownData } from "../check/knownData.ts";

type Ask = Extract<SetupRequest, { type: "inspect" }>;
const PREVIEWS = 5;
const SAMPLED = 2000;
const LABELS = 20;
const SHOWN = 600;

interface Read {
  columns: GuessedColumn[];
  source: string;
  target: string;
  examples: readonly Example[];
  problem: Phrase | undefined;
  rows: number;
  all: boolean;
  headerless: boolean;
  areTurns: boolean;
}

const COLUMNLESS = { columns: [], source: "", target: "", headerless: false };

/** The first row that makes an empty input or output, as a problem. */
function emptyCell(rows: readonly Row[], examples: readonly Example[]): Phrase | undefined {
  const empty = examples.findIndex((each) => each.source.trim() === "" || each.target === "");
  if (empty < 0) return undefined;
  const { line } = rows[empty]!;
  return examples[empty]!.target === ""
    ? phrase`Line ${line}: the output is empty.`
    : phrase`Line ${line}: the input is empty.`;
}

function readFileTask(
  { train, source, target }: Extract<Ask["task"], { kind: "file" }>,
  { rows, all }: SomeRows,
): Read {
  const columns = guessColumnRoles(rows);
  const suggested = templatesOf(columns);
  const templates = { source: source ?? suggested.source, target: target ?? suggested.target };
  const base = {
    columns,
    ...templates,
    rows: rows.length,
    all,
    headerless: /\.[ct]sv(\.gz)?$/i.test(train) && looksHeaderless(rows),
    areTurns: rows.some(hasTurns),
  };
  const use = { file: train, columns: columnsOf(rows) };
  try {
    const compiled = {
      source: compileTemplate(templates.source, { ...use, name: "task.source" }),
      target: compileTemplate(templates.target, { ...use, name: "task.target" }),
    };
    const examples = rows.map((row: Row) => ({ source: compiled.source(row), target: compiled.target(row).trim() }));
    return {
      ...base,
      examples,
      problem:
        templates.source === "" || templates.target === "" ? withoutColumns(base.areTurns) : emptyCell(rows, examples),
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...base, examples: [], problem: error.phrase };
  }
}

const withoutColumns = (areTurns: boolean): Phrase =>
  areTurns
    ? phrase`These rows are conversations: choose a decoder-only model as backbone.`
    : phrase`Input and output each need a column.`;

/** Conversations up to the first row that is none, which is the problem. */
function readChatTask(train: string, { rows, all }: SomeRows): Read {
  const examples: Example[] = [];
  const found = { ...COLUMNLESS, examples, rows: rows.length, all, areTurns: true };
  try {
    for (const row of rows) examples.push(chatExample(train, row, { trainOn: "all" }));
    return { ...found, problem: undefined };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...found, problem: explained(error.phrase, error.actionPhrase) };
  }
}

/** @param isCausal whether the backbone reads text and answer as one sequence, as conversations need */
async function read(task: Ask["task"], known: KnownData, isCausal: boolean): Promise<Read> {
  if (task.kind !== "mail") {
    const rows = await known.rows(task.train);
    const isChat = task.kind === "chat" || (isCausal && task.source === undefined && rows.rows.some(hasTurns));
    if (!isChat) return readFileTask(task, rows);
    const found = readChatTask(task.train, rows);
    return isCausal ? found : { ...found, examples: [], problem: withoutColumns(true) };
  }
  const examples = await known.mail();
  return { ...COLUMNLESS, examples, problem: undefined, rows: examples.length, all: true, areTurns: false };
}

const counted = (targets: readonly string[]): { text: string; count: number }[] => {
  const counts = new Map<string, number>();
  for (const target of targets) counts.set(target, (counts.get(target) ?? 0) + 1);
  return [...counts]
    .map(([text, count]) => ({ text, count }))
    .sort((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1));
};

/** An example as the model reads it, as far as it is shown. */
async function previewOf(example: Example, encoder: ExampleEncoder): Promise<Inspection["examples"][number]> {
  const { tokens, cut, answer } = await encoder.spelled(example);
  const shown = answer.slice(0, SHOWN);
  return {
    pieces: tokens.slice(0, SHOWN),
    cut,
    target: example.target,
    targetPieces: shown.map(({ text }) => text),
    untrained: shown.flatMap(({ trained }, at) => (trained ? [] : [at])),
  };
}

/**
 * Inspects a task's data as a model will get it: columns, templates, previews, labels, lengths.
 * @throws UserError where the file or the backbone cannot be read
 */
export async function inspect(
  { task, backbone, maxSourceLength, maxTargetLength }: Ask,
  known = new KnownData(),
): Promise<Inspection> {
  const folder = backboneFolder(backbone);
  const tokenizer = loadTokenizer(folder);
  const { isCausal } = openBackbone(folder).layout;
  const { examples, ...found } = await read(task, known, isCausal);
  const reads = { task: { kind: found.areTurns && isCausal ? "chat" : "file" } } as const;
  const encoderTo = (maxSource: number, maxTarget: number): ExampleEncoder =>
    openEncoder({ folder, isCausal, tokenizer }, reads, { maxSourceLength: maxSource, maxTargetLength: maxTarget });
  const labels = counted(examples.map(({ target }) => target));
  const every = Math.max(1, Math.ceil(examples.length / SAMPLED));
  const sample = examples.filter((_, i) => i % every === 0);
  const whole = await encodeAll(sample, encoderTo(Infinity, Infinity));
  const lengths = whole.map((each) => [each.ids.length, each.labels.length] as const);
  const sorted = lengths.map(([source]) => source).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  const encoder = encoderTo(maxSourceLength, maxTargetLength);
  const previews = await Promise.all(examples.slice(0, PREVIEWS).map((example) => previewOf(example, encoder)));
  const { problem, ...rest } = found;
  return {
    ...rest,
    columns: found.columns.map((each) => ({ ...each, example: each.example.slice(0, 200) })),
    labels: labels.slice(0, LABELS).map(({ text, count }) => ({ text: text.slice(0, 200), count })),
    distinctTargets: labels.length,
    examples: previews,
    sampled: sample.length,
    truncated: lengths.filter(([length]) => length > maxSourceLength).length,
    targetsTruncated: lengths.filter(([, length]) => length > maxTargetLength).length,
    targetLength: maxTargetLength,
    tokens: { median: at(0.5), high: at(0.95), longest: sorted.at(-1) ?? 0 },
    ...(problem !== undefined && { problem }),
  };
}

/** ADePT's prompt length and bottleneck within each budget, on a backbone; null for a budget that is too small. */
export function sizesWithin(backbone: string, budgets: readonly number[]): SizesAnswer {
  const { layout } = openBackbone(backboneFolder(backbone));
  return {
    width: layout.width,
    parameters: layout.weights.reduce((sum, { dims }) => sum + dims.reduce((a, b) => a * b, 1), 0),
    sizes: budgets.map((budget) => {
      try {
        const {
          promptLength = 0,
          bottleneck = 0,
          count,
        } = resolveSizes(MethodInput.parse({ kind: "adept", budget }), layout);
        return { budget, promptLength, bottleneck, count };
      } catch (error) {
        if (error instanceof UserError) return null;
        throw error;
      }
    }),
  };
}
