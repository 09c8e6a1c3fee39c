import { UserError } from "../../base/errors.ts";
import { listed, phrase, type Phrase } from "../../base/phrase.ts";
import { explained } from "../../base/text/explain.ts";
import type { Inspection, SetupRequest } from "../../protocol/setupQuestions.ts";
import { chatExample } from "../../task/chat/loadChatTask.ts";
import { hasTurns, isConversation } from "../../task/chat/rowTurns.ts";
import type { Example } from "../../task/example.ts";
import { EXPERIMENT_SETTINGS, examplesOf, fileExamples, type FileExamples } from "../../task/fileExamples.ts";
import { BadRows } from "../../task/rows/badRows.ts";
import { guessColumnRoles, templatesOf } from "../../task/rows/guessColumnRoles.ts";
import { looksHeaderless } from "../../task/rows/looksHeaderless.ts";
import type { SomeRows } from "../../task/rows/readRows.ts";
import type { Row } from "../../task/rows/row.ts";
import { columnsOf, compileTemplate } from "../../task/template.ts";
import { DRAFT_SPLIT, type KnownData } from "../check/knownData.ts";
import { ReviewedFiles } from "../check/reviewedFiles.ts";

type AskedTask = Extract<SetupRequest, { type: "inspect" }>["task"];
type AskedFile = Extract<AskedTask, { kind: "file" }>;

/** The examples of a draft's data, and what the rows say of themselves. */
export interface DraftExamples extends Pick<
  Inspection,
  "columns" | "source" | "target" | "rows" | "all" | "headerless" | "kind" | "kinds" | "note"
> {
  examples: readonly Example[];
  /** Why the rows cannot be trained on as they are. */
  trouble: Phrase | undefined;
}

const FILE = ["file"] as const;
const CHAT = ["chat"] as const;
const COLUMNLESS = { columns: [], source: "", target: "", headerless: false };

/** Why some rows cannot be trained on, as training says it. */
function troubleOf(path: string, { bad, total }: FileExamples): Phrase | undefined {
  if (bad.length === 0) return undefined;
  const error = bad.error(path, total, EXPERIMENT_SETTINGS.skip);
  return explained(error.phrase, error.actionPhrase);
}

/** Examples of templates of which one is empty: what the other makes of each row. */
function partial(
  rows: readonly Row[],
  { source, target }: { source: string; target: string },
  file: string,
): readonly Example[] {
  const use = { file, columns: columnsOf(rows) };
  const bad = new BadRows();
  const read = compileTemplate(source, { ...use, name: "task.source" });
  const answer = compileTemplate(target, { ...use, name: "task.target" });
  return rows.flatMap((row) => bad.attempt(row.line, () => ({ source: read(row), target: answer(row).trim() })) ?? []);
}

function readFileTask({ train, source, target }: AskedFile, data: SomeRows): DraftExamples {
  const { rows, all } = data;
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
  if (templates.source === "" || templates.target === "")
    return {
      ...found,
      examples: partial(rows, templates, train),
      trouble: phrase`Input and output each need a column.`,
    };
  try {
    const read = fileExamples(train, data, templates);
    return { ...found, examples: read.examples, trouble: troubleOf(train, read) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...found, examples: [], trouble: error.phrase };
  }
}

/** Conversations, without the rows that are none, which are the trouble. */
function readChatTask(train: string, data: SomeRows, trainOn: "all" | "last"): DraftExamples {
  const { rows, all } = data;
  const read = examplesOf(data, (row) => chatExample(train, row, { trainOn }));
  const templates = templatesOf(guessColumnRoles(rows));
  const hasColumns = templates.source !== "" && templates.target !== "";
  return {
    ...COLUMNLESS,
    ...templates,
    examples: read.examples,
    rows: rows.length,
    all,
    kind: "chat",
    kinds: hasColumns && !rows.some(hasTurns) ? ["file", "chat"] : ["chat"],
    trouble: troubleOf(train, read),
  };
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
  if (task.kind === "file" && !isProposed) return withNotes(readFileTask(task, rows), rows);
  const found = withNotes(readChatTask(task.train, rows, task.kind === "chat" ? (task.trainOn ?? "all") : "all"), rows);
  return isCausal ? found : { ...found, examples: [], trouble: needsCausal() };
}

/** Examples that are reviewed; a page is to answer soon. */
const REVIEWED = 20_000;

/** The examples with what is to be known of the file, and what training would say of them before its first step. */
function withNotes(found: DraftExamples, { notes = [], all }: SomeRows): DraftExamples {
  const { kind, source, target, examples } = found;
  const shared = { validation: undefined, test: undefined, shots: undefined, split: DRAFT_SPLIT };
  const files = new ReviewedFiles(kind === "file" ? { kind, source, target, ...shared } : { kind: "chat", ...shared });
  files.add("train", { examples: examples.slice(0, REVIEWED), all: all && examples.length <= REVIEWED });
  const reviewed = found.trouble === undefined ? files.notes().map(({ note }) => phrase`${note}.`) : [];
  const told = [...notes.slice(0, 1), ...reviewed];
  return told.length === 0 ? found : { ...found, note: listed(told, " ") };
}
