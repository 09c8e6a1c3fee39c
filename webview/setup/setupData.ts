import { el, section } from "../dom.ts";
import { LongWait } from "../longWait.ts";
import type { ExperimentDraft } from "../../src/protocol/hostToSetup.ts";
import type { ShownInspection as Inspection } from "../../src/protocol/setupQuestions.ts";
import { filledDraft } from "../../src/protocol/fittedDraft.ts";
import type { SetupLabels } from "../../src/protocol/setupLabels.ts";
import { fill, percent } from "../../src/figure/valueText.ts";
import { button, select, textField } from "../ui.ts";
import { PreviewPart } from "./setupPreview.ts";
import { PromptPart } from "./setupPrompt.ts";

interface DataContext {
  title: string;
  /** The draft as it is now. */
  draft: () => ExperimentDraft;
  /** Takes the defaults of a backbone, once it is known what it is. */
  fit: (found: Inspection) => void;
  change: (part: Partial<ExperimentDraft>, rest?: number) => void;
  choose: () => void;
  reread: () => void;
}
type FileTask = Extract<ExperimentDraft["task"], { kind: "file" }>;
type Role = Inspection["columns"][number]["role"];

/** The share of different answers beyond which the answers of conversations are texts, not labels. */
const MOST_DISTINCT = 0.5;

/**
 * The header of a table.
 * @param columns title and CSS class of each column
 */
function headOf(columns: readonly [text: string, className?: string][]): HTMLElement {
  const head = el("thead");
  const row = el("tr");
  row.append(
    ...columns.map(([text, className]) => {
      const cell = el("th", text, className);
      cell.scope = "col";
      return cell;
    }),
  );
  head.append(row);
  return head;
}

/**
 * The part of the form with the data, its columns, the templates, and the first examples as the model will read them.
 */
export class DataPart {
  readonly element: HTMLElement;
  private readonly count = el("p", "", "detail");
  private readonly doubt = el("p", "", "warning");
  /** Shown when reading the data takes long. */
  readonly wait: LongWait;
  private readonly columns = el("div");
  private readonly templates = el("div", "", "fields");
  private readonly templateNote = el("p", "", "detail");
  private readonly problem = el("p", "", "problem");
  private readonly preview: PreviewPart;
  private readonly prompt: PromptPart;
  private readonly reading = el("div", "", "fields");
  private readonly labelTable = el("div");
  private task: ExperimentDraft["task"];
  private drawn = "";

  constructor(
    private readonly labels: SetupLabels,
    draft: ExperimentDraft,
    private readonly context: DataContext,
  ) {
    this.task = draft.task;
    this.preview = new PreviewPart(labels, filledDraft(draft), (part) => {
      context.change(part, 0);
    });
    this.prompt = new PromptPart(labels, context.draft, (part, rest) => {
      if (part.task !== undefined) this.task = part.task;
      context.change(part, rest);
    });
    this.element = section(labels.data);
    this.problem.setAttribute("role", "alert");
    const head = el("div", "", "actions");
    const seen = el("section", "", "row");
    head.append(
      el("strong", draft.task.kind === "mail" ? labels.sample : context.title),
      button(labels.otherData, context.choose),
    );
    this.count.textContent = labels.reading;
    this.wait = new LongWait(labels.readAgain, context.reread, () => {
      this.count.textContent = labels.reading;
    });
    seen.append(this.preview.examples, this.labelTable);
    this.element.append(
      head,
      this.count,
      this.wait.element,
      this.doubt,
      this.reading,
      this.columns,
      this.templates,
      this.templateNote,
      this.prompt.element,
      this.problem,
      this.preview.lengths,
      seen,
    );
    if (draft.task.kind === "file") this.drawTemplates(draft.task);
  }

  show(found: Inspection | undefined, error: string | undefined): void {
    const { labels } = this;
    this.problem.textContent = found?.problem ?? error ?? "";
    if (found === undefined) {
      this.count.textContent = "";
      return;
    }
    this.count.textContent = fill(found.all ? labels.rows : labels.firstRows, found.rows.toLocaleString());
    this.doubt.textContent = [found.headerless ? labels.headerless : "", found.note ?? ""].join(" ").trim();
    // The worker proposes to read the rows as conversations.
    if (this.task.kind === "file" && found.kind === "chat" && found.backbone.isCausal) this.readAs("chat", found);
    this.context.fit(found);
    this.task = this.context.draft().task;
    this.drawReading(found);
    const isColumnless = found.kind === "chat";
    for (const part of [this.columns, this.templates, this.templateNote]) part.hidden = isColumnless;
    if (this.task.kind === "file") {
      // The worker suggests templates where none were given.
      if (this.task.source === "" && this.task.target === "") {
        this.task = { ...this.task, source: found.source, target: found.target };
        this.drawTemplates(this.task);
        this.context.change({ task: this.task }, 0);
      }
      this.drawColumns(found.columns);
    }
    this.prompt.show(found);
    this.preview.show(found, filledDraft(this.context.draft()));
    this.drawLabels(found);
  }

  /** Rows of a question and an answer are conversations, or columns for templates. */
  private drawReading(found: Inspection): void {
    const { labels, task } = this;
    const { kinds, backbone } = found;
    const isOpen = task.kind !== "mail" && kinds.length > 1 && (backbone.isCausal || task.kind === "chat");
    if (!isOpen) {
      this.reading.replaceChildren();
      return;
    }
    this.reading.replaceChildren(
      select(
        labels.readAs,
        [
          { value: "chat", text: labels.asChat },
          { value: "file", text: labels.asColumns },
        ],
        {
          value: task.kind,
          onChange: (value) => {
            this.readAs(value === "chat" ? "chat" : "file", found);
          },
        },
      ),
    );
  }

  private readAs(kind: "chat" | "file", { source, target }: Pick<Inspection, "source" | "target">): void {
    if (this.task.kind === "mail") return;
    const { train } = this.task;
    this.task = kind === "chat" ? { kind, train } : { kind, train, source, target };
    this.drawn = "";
    for (const part of [this.templates, this.columns]) part.replaceChildren();
    this.templateNote.textContent = "";
    if (this.task.kind === "file") this.drawTemplates(this.task);
    this.context.change({ task: this.task, prompt: undefined }, 0);
  }

  private drawTemplates(task: FileTask): void {
    const change = (part: Partial<FileTask>): void => {
      if (this.task.kind === "file") {
        this.task = { ...this.task, ...part };
        this.context.change({ task: this.task });
      }
    };
    this.templates.replaceChildren(
      textField(this.labels.source, task.source, (source) => {
        change({ source });
      }),
      textField(this.labels.target, task.target, (target) => {
        change({ target });
      }),
    );
    this.templateNote.textContent = fill(this.labels.templateNote, "{premise}");
  }

  /** One row for each column with its role; changing a role rewrites the templates. */
  private drawColumns(columns: Inspection["columns"]): void {
    const { labels } = this;
    const key = JSON.stringify(columns.map(({ name }) => name));
    if (key === this.drawn) return;
    this.drawn = key;
    const roles = new Map(columns.map(({ name, role }) => [name, role]));
    const scroll = el("div", "", "scroll");
    const table = el("table", "", "columns");
    table.append(el("caption", labels.table));
    const body = el("tbody");
    for (const { name, role, distinct, example } of columns) {
      const row = el("tr");
      const title = el("th", name);
      const use = el("td");
      title.scope = "row";
      use.append(
        select(
          fill("{0}: {1}", labels.use, name),
          [
            { value: "input", text: labels.input },
            { value: "output", text: labels.output },
            { value: "other", text: labels.other },
          ],
          {
            value: role,
            onChange: (value) => {
              roles.set(name, value as Role);
              this.fromRoles(roles);
            },
          },
        ),
      );
      row.append(
        title,
        use,
        el("td", distinct.toLocaleString(), "number"),
        el("td", example.length > 80 ? `${example.slice(0, 80)}…` : example),
      );
      body.append(row);
    }
    table.append(headOf([[labels.column], [labels.use], [labels.distinct, "number"], [labels.first]]), body);
    scroll.append(table);
    this.columns.replaceChildren(scroll);
  }

  private fromRoles(roles: ReadonlyMap<string, Role>): void {
    const named = (role: Role): string[] => [...roles].filter(([, own]) => own === role).map(([name]) => name);
    const inputs = named("input");
    const task = this.task;
    if (task.kind !== "file") return;
    // A brace in the text before a column would start another column.
    this.task = {
      ...task,
      source:
        inputs.length === 1
          ? `{${inputs[0]!}}`
          : inputs.map((name) => `${name.replace(/[{}]/g, "")}: {${name}}`).join(" "),
      target: named("output")
        .map((name) => `{${name}}`)
        .join(" "),
    };
    this.drawTemplates(this.task);
    this.context.change({ task: this.task }, 0);
  }

  private drawLabels({ labels: found, distinctTargets, rows, kind }: Inspection): void {
    const { labels } = this;
    const table = el("table");
    const body = el("tbody");
    const areTexts = kind === "chat" && distinctTargets > rows * MOST_DISTINCT;
    this.labelTable.hidden = found.length === 0 || areTexts;
    if (this.labelTable.hidden) {
      this.labelTable.replaceChildren();
      return;
    }
    for (const { text, count } of found) {
      const row = el("tr");
      const title = el("th", text);
      title.scope = "row";
      row.append(title, el("td", count.toLocaleString(), "number"), el("td", percent(count / rows), "number"));
      body.append(row);
    }
    table.append(headOf([[labels.label], [labels.count, "number"], [labels.share, "number"]]), body);
    const scroll = el("div", "", "scroll");
    scroll.append(table);
    // It may scroll and holds nothing else that takes the focus.
    scroll.tabIndex = 0;
    this.labelTable.replaceChildren(
      el("h3", labels.labels),
      ...(distinctTargets > found.length
        ? [el("p", fill(labels.manyLabels, distinctTargets.toLocaleString()), "detail")]
        : []),
      scroll,
    );
  }
}
