import { el, section } from "../dom.ts";
import { LongWait } from "../longWait.ts";
import type { ExperimentDraft } from "../../src/protocol/hostToSetup.ts";
import type { ShownInspection as Inspection } from "../../src/protocol/setupQuestions.ts";
import type { SetupLabels } from "../../src/protocol/setupLabels.ts";
import { fill, percent } from "../text.ts";
import { button, select, textField } from "../ui.ts";

interface DataContext {
  title: string;
  change: (part: Partial<ExperimentDraft>, rest?: number) => void;
  choose: () => void;
  reread: () => void;
}
type FileTask = Extract<ExperimentDraft["task"], { kind: "file" }>;
type Role = Inspection["columns"][number]["role"];

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
  private readonly preview = el("div");
  private readonly lengths = el("div");
  private readonly labelTable = el("div");
  private task: ExperimentDraft["task"];
  private length: number;
  private drawn = "";

  constructor(
    private readonly labels: SetupLabels,
    draft: ExperimentDraft,
    private readonly context: DataContext,
  ) {
    this.task = draft.task;
    this.length = draft.maxSourceLength;
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
    seen.append(this.preview, this.labelTable);
    this.element.append(
      head,
      this.count,
      this.wait.element,
      this.doubt,
      this.columns,
      this.templates,
      this.templateNote,
      this.problem,
      this.lengths,
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
    this.doubt.textContent = found.headerless ? labels.headerless : "";
    // The worker says that the rows are conversations; they have no columns to choose from.
    if (this.task.kind === "file" && found.areTurns && found.columns.length === 0) {
      this.task = { kind: "chat", train: this.task.train };
      this.templates.replaceChildren();
      this.templateNote.textContent = "";
      this.context.change({ task: this.task }, 0);
    }
    if (this.task.kind === "file") {
      // The worker suggests templates where none were given.
      if (this.task.source === "" && this.task.target === "") {
        this.task = { ...this.task, source: found.source, target: found.target };
        this.drawTemplates(this.task);
        this.context.change({ task: this.task }, 0);
      }
      this.drawColumns(found.columns);
    }
    this.drawPreview(found);
    this.drawLengths(found);
    this.drawLabels(found);
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

  private drawPreview({ examples }: Inspection): void {
    const { labels } = this;
    const parts: HTMLElement[] = [el("h3", labels.preview), el("p", labels.previewNote, "detail")];
    for (const { pieces, cut, targetPieces, untrained } of examples) {
      const text = el("div", "", "pieces");
      text.append(
        ...pieces.map((piece) => el("span", piece, "piece token")),
        ...(cut > 0 ? [el("span", ` ${fill(labels.cut, cut)}`, "detail")] : []),
      );
      const answer = el("p", `${labels.answer}: `);
      answer.append(
        ...targetPieces.map((piece, at) =>
          el("span", piece, untrained.includes(at) ? "piece token untrained" : "piece token"),
        ),
      );
      parts.push(text, answer);
    }
    if (examples.some(({ untrained }) => untrained.length > 0)) parts.push(el("p", labels.untrained, "detail"));
    this.preview.replaceChildren(...(examples.length === 0 ? [] : parts));
  }

  private drawLengths({ tokens, truncated, sampled, targetsTruncated, targetLength }: Inspection): void {
    const { labels } = this;
    const suggested = Math.min(1024, Math.ceil(tokens.longest / 32) * 32);
    if (sampled === 0) {
      this.lengths.replaceChildren();
      return;
    }
    const parts: HTMLElement[] = [el("p", fill(labels.lengths, tokens.median, tokens.high, tokens.longest), "detail")];
    const row = el("div", "", "actions");
    row.append(
      el(
        "span",
        truncated > 0 ? fill(labels.truncated, truncated.toLocaleString(), sampled.toLocaleString()) : labels.noneCut,
        truncated > 0 ? "warning" : "detail",
      ),
    );
    if (truncated > 0 && suggested > this.length)
      row.append(
        button(fill(labels.raise, suggested), () => {
          this.length = suggested;
          this.context.change({ maxSourceLength: suggested }, 0);
        }),
      );
    if (targetsTruncated > 0)
      row.append(el("span", fill(labels.targetsTruncated, targetsTruncated.toLocaleString(), targetLength), "warning"));
    this.lengths.replaceChildren(...parts, row);
  }

  private drawLabels({ labels: found, distinctTargets, rows }: Inspection): void {
    const { labels } = this;
    const table = el("table");
    const body = el("tbody");
    if (found.length === 0) {
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
    this.labelTable.replaceChildren(
      el("h3", labels.labels),
      ...(distinctTargets > found.length
        ? [el("p", fill(labels.manyLabels, distinctTargets.toLocaleString()), "detail")]
        : []),
      scroll,
    );
  }
}
