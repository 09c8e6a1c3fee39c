import { loadTokenizer, type TextTokenizer } from "../../backbone/tokenizer/tokenizer.ts";
import { UserError } from "../../base/errors.ts";
import { openBackbone } from "../../backbone/openBackbone.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";
import { MethodInput } from "../../method/methodSpec.ts";
import type { Inspection, SetupRequest, SizesAnswer } from "../../protocol/setupQuestions.ts";
import { resolveSizes } from "../../method/sizes.ts";
import { guessColumnRoles, templatesOf, type GuessedColumn } from "../../task/rows/guessColumnRoles.ts";
import type { Example } from "../../task/example.ts";
import type { Row } from "../../task/rows/row.ts";
import { looksHeaderless } from "../../task/rows/looksHeaderless.ts";
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
}

/** The first row that makes an empty input or output, as a problem. */
function emptyCell(rows: readonly Row[], examples: readonly Example[]): Phrase | undefined {
  const empty = examples.findIndex((each) => each.source.trim() === "" || each.target === "");
  if (empty < 0) return undefined;
  const { line } = rows[empty]!;
  return examples[empty]!.target === ""
    ? phrase`Line ${line}: the output is empty.`
    : phrase`Line ${line}: the input is empty.`;
}

async function readFileTask(
  { train, source, target }: Extract<Ask["task"], { kind: "file" }>,
  known: KnownData,
): Promise<Read> {
  const { rows, all } = await known.rows(train);
  const columns = guessColumnRoles(rows);
  const suggested = templatesOf(columns);
  const templates = { source: source ?? suggested.source, target: target ?? suggested.target };
  const base = {
    columns,
    ...templates,
    rows: rows.length,
    all,
    headerless: /\.[ct]sv(\.gz)?$/i.test(train) && looksHeaderless(rows),
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
        templates.source === "" || templates.target === ""
          ? phrase`Input and output each need a column.`
          : emptyCell(rows, examples),
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...base, examples: [], problem: error.phrase };
  }
}

async function read(task: Ask["task"], known: KnownData): Promise<Read> {
  if (task.kind === "file") return readFileTask(task, known);
  const examples = await known.mail();
  return {
    columns: [],
    source: "",
    target: "",
    examples,
    problem: undefined,
    rows: examples.length,
    all: true,
    headerless: false,
  };
}

const counted = (targets: readonly string[]): { text: string; count: number }[] => {
  const counts = new Map<string, number>();
  for (const target of targets) counts.set(target, (counts.get(target) ?? 0) + 1);
  return [...counts]
    .map(([text, count]) => ({ text, count }))
    .sort((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1));
};

/** The pieces of a text as the model gets them, with a space where the tokenizer has its marker. */
async function piecesOf(
  tokenizer: TextTokenizer,
  text: string,
  maxLength: number,
): Promise<{ pieces: string[]; cut: number }> {
  const [{ tokens }, whole] = [await tokenizer.encode(text, { maxLength }), await tokenizer.encodeIds(text)];
  return {
    pieces: tokens.slice(0, SHOWN).map((token) => token.replaceAll("▁", " ")),
    cut: whole.length - tokens.length,
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
  const tokenizer = loadTokenizer(backboneFolder(backbone));
  const { examples, ...found } = await read(task, known);
  const labels = counted(examples.map(({ target }) => target));
  const every = Math.max(1, Math.ceil(examples.length / SAMPLED));
  const sample = examples.filter((_, i) => i % every === 0);
  const lengths = await Promise.all(
    sample.map(
      async ({ source, target }) =>
        [(await tokenizer.encodeIds(source)).length, (await tokenizer.encodeIds(target)).length] as const,
    ),
  );
  const sorted = lengths.map(([source]) => source).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  const previews = await Promise.all(
    examples.slice(0, PREVIEWS).map(async ({ source, target }) => {
      return {
        ...(await piecesOf(tokenizer, source, maxSourceLength)),
        target,
        targetPieces: (await piecesOf(tokenizer, target, maxTargetLength)).pieces,
      };
    }),
  );
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
