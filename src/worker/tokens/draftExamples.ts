import { UserError } from "../../base/errors.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";
import { explained } from "../../base/text/explain.ts";
import type { Inspection, SetupRequest } from "../../protocol/setupQuestions.ts";
import { chatExample } from "../../task/chat/loadChatTask.ts";
import { hasTurns, isConversation } from "../../task/chat/rowTurns.ts";
import type { Example } from "../../task/example.ts";
import { guessColumnRoles, templatesOf } from "../../task/rows/guessColumnRoles.ts";
import { looksHeaderless } from "../../task/rows/looksHeaderless.ts";
import type { SomeRows } from "../../task/rows/readRows.ts";
import type { Row } from "../../task/rows/row.ts";
import { columnsOf, compileTemplate } from "../../task/template.ts";
import type { KnownData } from "../check/knownData.ts";

type AskedTask = Extract<SetupRequest, { type: "inspect" }>["task"];
type AskedFile = Extract<AskedTask, { kind: "file" }>;

/** The examples of a draft's data, and what the rows say of themselves. */
export interface DraftExamples extends Pick<
  Inspection,
  "columns" | "source" | "target" | "rows" | "all" | "headerless" | "kind" | "kinds"
> {
  examples: readonly Example[];
  /** Why the rows cannot be trained on as they are. */
  trouble: Phrase | undefined;
}

const FILE = ["file"] as const;
const CHAT = ["chat"] as const;
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

function readFileTask({ train, source, target }: AskedFile, { rows, all }: SomeRows): DraftExamples {
  const columns = guessColumnRoles(rows);
  const suggested = templatesOf(columns);
  const templates = { source: source ?? suggested.source, target: target ?? suggested.target };
  const found = {
    columns: columns.map((each) => ({ ...each, example: each.example.slice(0, 200) })),
    ...templates,
    rows: rows.length,
    all,
    headerless: /\.[ct]sv(\.gz)?$/i.test(train) && looksHeaderless(rows),
    kind: "file" as const,
    kinds: [...FILE, ...(rows.some(isConversation) ? CHAT : [])],
  };
  const use = { file: train, columns: columnsOf(rows) };
  try {
    const compiled = {
      source: compileTemplate(templates.source, { ...use, name: "task.source" }),
      target: compileTemplate(templates.target, { ...use, name: "task.target" }),
    };
    const examples = rows.map((row: Row) => ({ source: compiled.source(row), target: compiled.target(row).trim() }));
    const lacks = templates.source === "" || templates.target === "";
    return {
      ...found,
      examples,
      trouble: lacks ? phrase`Input and output each need a column.` : emptyCell(rows, examples),
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...found, examples: [], trouble: error.phrase };
  }
}

/** Conversations up to the first row that is none, which is the trouble. */
function readChatTask(train: string, { rows, all }: SomeRows, trainOn: "all" | "last"): DraftExamples {
  const examples: Example[] = [];
  const templates = templatesOf(guessColumnRoles(rows));
  const hasColumns = templates.source !== "" && templates.target !== "";
  const found: Omit<DraftExamples, "trouble"> = {
    ...COLUMNLESS,
    ...templates,
    examples,
    rows: rows.length,
    all,
    kind: "chat",
    kinds: hasColumns && !rows.some(hasTurns) ? ["file", "chat"] : ["chat"],
  };
  try {
    for (const row of rows) examples.push(chatExample(train, row, { trainOn }));
    return { ...found, trouble: undefined };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...found, trouble: explained(error.phrase, error.actionPhrase) };
  }
}

const needsCausal = (): Phrase => phrase`These rows are conversations: choose a decoder-only model as backbone.`;

/**
 * The examples of a draft's data. Rows that are conversations are read as such, unless templates are given.
 * @param isCausal whether the backbone reads text and answer as one sequence, as conversations need
 */
export async function draftExamples(task: AskedTask, known: KnownData, isCausal: boolean): Promise<DraftExamples> {
  if (task.kind === "mail") {
    const examples = await known.mail();
    return {
      ...COLUMNLESS,
      examples,
      rows: examples.length,
      all: true,
      kind: "mail",
      kinds: ["mail"],
      trouble: undefined,
    };
  }
  const rows = await known.rows(task.train);
  const isProposed =
    task.kind === "file" && task.source === undefined && rows.rows.some(isCausal ? isConversation : hasTurns);
  if (task.kind === "file" && !isProposed) return readFileTask(task, rows);
  const found = readChatTask(task.train, rows, task.kind === "chat" ? (task.trainOn ?? "all") : "all");
  return isCausal ? found : { ...found, examples: [], trouble: needsCausal() };
}
