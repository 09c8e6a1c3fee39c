import { basename } from "node:path";
import { setTimeout as rest } from "node:timers/promises";
import * as vscode from "vscode";
import { metricName, metricValue } from "../../record/metricText.ts";
import type { RunRecord } from "../../record/record.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import { ContextKey, View } from "../window/ids.ts";
import { passesFilter, isFiltered, type RunFilter, type SortKey, SORTS, storedFilter } from "./runFilter.ts";
import { runItem, runTooltip, unreadableItem } from "./runItem.ts";
import type { RunsModel } from "./runsModel.ts";
import { metricOf, summaryOf, treeOf, type GroupNode, type RunNode, type TreeNode } from "./runTree.ts";
import { statusText } from "./runText.ts";

export interface FolderNode {
  readonly kind: "folder";
  readonly folder: vscode.WorkspaceFolder;
}
/** A folder of a run, or of all, that cannot be read. */
export interface UnreadableNode {
  readonly kind: "unreadable";
  readonly path: string;
  readonly reason: string;
}
export type ExplorerNode = FolderNode | UnreadableNode | TreeNode;

const FILTER = "adept.filter";
const SORT = "adept.sort";
const CLICK_MS = 2000;
const CLICK_STEP_MS = 25;
/** What a row's place and presence hang on; its other texts change without the tree. */
const shape = (record: RunRecord): string =>
  JSON.stringify([
    record.status,
    record.name,
    record.variant,
    record.starred,
    record.archived,
    record.tags,
    record.note,
    metricOf(record),
  ]);

/** The list of runs in the activity bar: by experiment, filtered, sorted, repainted row by row. */
export class RunExplorer extends DisposableStore implements vscode.TreeDataProvider<ExplorerNode> {
  private readonly repaint = this.register(new vscode.EventEmitter<ExplorerNode[] | undefined>());
  readonly onDidChangeTreeData = this.repaint.event;
  private readonly view: vscode.TreeView<ExplorerNode>;
  private readonly shapes = new Map<string, string>();
  /** Rows as VS Code knows them: the same object for as long as the tree stands. */
  private readonly roots = new Map<string, TreeNode[]>();
  private readonly rows = new Map<string, RunNode>();
  private readonly parents = new Map<string, GroupNode[]>();
  private readonly said = new Map<string, string>();
  /** whether VS Code has asked for the tree since it was told of another */
  private asked = false;

  constructor(
    private readonly model: RunsModel,
    private readonly state: vscode.Memento,
  ) {
    super();
    this.view = this.register(
      vscode.window.createTreeView<ExplorerNode>(View.runs, {
        treeDataProvider: this,
        showCollapseAll: true,
        canSelectMany: true,
      }),
    );
    this.register(
      model.onDidChange(({ ids, list }) => {
        this.change(ids, list);
      }),
    );
    this.tellFilter();
  }

  get filter(): RunFilter {
    return storedFilter(this.state.get(FILTER));
  }
  get sort(): SortKey {
    const stored = this.state.get<unknown>(SORT);
    return SORTS.find((each) => each === stored) ?? "newest";
  }

  /** Ids of the selected runs, those of selected groups too. */
  selection(): string[] {
    return [...new Set(this.view.selection.flatMap((node) => idsOf(node)))];
  }

  /**
   * The run whose row was just clicked. While VS Code takes over a list that is built anew it knows no row for a
   * moment: so long this waits.
   */
  async clicked(): Promise<string | undefined> {
    for (let waited = 0; waited < CLICK_MS; waited += CLICK_STEP_MS) {
      const [node] = this.view.selection;
      if (node !== undefined) return node.kind === "run" ? node.id : undefined;
      await rest(CLICK_STEP_MS);
    }
    return undefined;
  }

  setFilter(filter: RunFilter): void {
    void this.state.update(FILTER, filter).then(() => {
      this.rebuild();
    });
  }
  setSort(sort: SortKey): void {
    void this.state.update(SORT, sort).then(() => {
      this.rebuild();
    });
  }

  getChildren(parent?: ExplorerNode): ExplorerNode[] {
    const folders = this.model.folders.all();
    if (parent === undefined) this.asked = true;
    if (parent?.kind === "run" || parent?.kind === "unreadable") return [];
    if (parent?.kind === "group") return [...parent.children];
    if (parent === undefined && folders.length > 1)
      return this.model.runs().length + this.model.unreadable().length === 0
        ? []
        : folders.map((folder) => ({ kind: "folder", folder }));
    return [
      ...this.model
        .unreadable(parent?.folder)
        .map(({ path, reason }) => ({ kind: "unreadable" as const, path, reason })),
      ...this.tree(parent?.folder),
    ];
  }

  getParent(node: ExplorerNode): ExplorerNode | undefined {
    if (node.kind === "folder" || node.kind === "unreadable") return undefined;
    const own =
      node.kind === "run"
        ? this.parents.get(node.id)?.at(-1)
        : [...this.parents.values()].flat().find((each) => each.children.includes(node));
    if (own !== undefined || this.model.folders.all().length < 2) return own;
    const folder = this.model.find(idsOf(node)[0] ?? "")?.folder;
    return folder && { kind: "folder", folder };
  }

  getTreeItem(node: ExplorerNode): vscode.TreeItem {
    if (node.kind === "folder") {
      const item = new vscode.TreeItem(node.folder.name, vscode.TreeItemCollapsibleState.Expanded);
      item.id = node.folder.uri.toString();
      item.iconPath = vscode.ThemeIcon.Folder;
      return item;
    }
    if (node.kind === "group") return this.groupItem(node);
    if (node.kind === "unreadable") return unreadableItem(node);
    const run = this.model.find(node.id);
    return run === undefined ? new vscode.TreeItem(node.id) : runItem(run, node.label);
  }

  /** The tooltip is written when it is first asked for. */
  resolveTreeItem(item: vscode.TreeItem, node: ExplorerNode): vscode.TreeItem {
    const run = node.kind === "run" ? this.model.find(node.id) : undefined;
    if (run !== undefined) item.tooltip = runTooltip(run.record);
    return item;
  }

  private tree(folder: vscode.WorkspaceFolder | undefined): TreeNode[] {
    const key = folder?.uri.toString() ?? "";
    const built = this.roots.get(key);
    if (built !== undefined) return built;
    const { filter } = this;
    const all = this.model.runs(folder).map(({ record }) => record);
    const shown = all.filter((record) => passesFilter(record, filter));
    const tree = treeOf(shown, this.sort, (seed) => vscode.l10n.t("seed {0}", seed));
    this.roots.set(key, tree);
    for (const record of all) this.shapes.set(record.id, shape(record));
    const note = (node: TreeNode, above: readonly GroupNode[]): void => {
      if (node.kind === "run") {
        this.rows.set(node.id, node);
        this.parents.set(node.id, [...above]);
      } else for (const child of node.children) note(child, [...above, node]);
    };
    for (const node of tree) note(node, []);
    this.tellFilter(shown.length);
    return tree;
  }

  private change(ids: readonly string[], list: boolean): void {
    let moved = list;
    for (const id of ids) {
      const record = this.model.find(id)?.record;
      const now = record === undefined ? "" : shape(record);
      if (this.shapes.get(id) !== now) {
        this.shapes.set(id, now);
        moved = true;
      }
    }
    if (moved) this.rebuild();
    else this.repaint.fire(ids.flatMap((id) => this.changedRows(id)));
    const running = this.model.live().length;
    this.view.badge = running === 0 ? undefined : { value: running, tooltip: vscode.l10n.t("Running: {0}", running) };
  }

  /** The run's row, and those of its groups that now say something else. */
  private changedRows(id: string): ExplorerNode[] {
    const row = this.rows.get(id);
    if (row === undefined) return [];
    return [
      row,
      ...(this.parents.get(id) ?? []).filter((group) => this.said.get(group.key) !== this.describeGroup(group)),
    ];
  }

  private rebuild(): void {
    this.roots.clear();
    this.rows.clear();
    this.parents.clear();
    // A list that nobody has asked for since needs no repaint: a needless one takes its rows away under a click.
    if (this.asked) this.repaint.fire(undefined);
    this.asked = false;
    if (!this.view.visible) this.tellFilter();
  }

  private describeGroup({ ids }: GroupNode): string {
    const { running, finished, failed, of, mean, metric, n } = summaryOf(
      ids.flatMap((id) => this.model.find(id)?.record ?? []),
    );
    return [
      running > 0 ? vscode.l10n.t("{0} running", running) : "",
      failed > 0 ? vscode.l10n.t("{0} failed", failed) : "",
      finished < of ? vscode.l10n.t("{0} of {1} finished", finished, of) : vscode.l10n.t("{0} runs", of),
      mean === undefined || metric === undefined ? "" : `${n > 1 ? "⌀ " : ""}${metricValue(metric, mean)}`,
    ]
      .filter((part) => part !== "")
      .join(" · ");
  }

  private groupItem(node: GroupNode): vscode.TreeItem {
    const item = new vscode.TreeItem(node.label, vscode.TreeItemCollapsibleState.Expanded);
    const description = this.describeGroup(node);
    const metric = summaryOf(node.ids.flatMap((id) => this.model.find(id)?.record ?? [])).metric;
    this.said.set(node.key, description);
    item.id = `group:${node.key}`;
    item.iconPath = new vscode.ThemeIcon("beaker");
    item.description = description;
    item.tooltip =
      metric === undefined
        ? node.label
        : vscode.l10n.t("{0}: mean {1} of its finished runs", node.label, metricName(metric));
    item.contextValue = "group";
    item.accessibilityInformation = {
      label: vscode.l10n.t("Experiment {0}, {1}", node.label, description),
      role: "treeitem",
    };
    return item;
  }

  /** A list that is not whole says so, with what is left out and by what. */
  private tellFilter(shown = this.model.runs().filter(({ record }) => passesFilter(record, this.filter)).length): void {
    const { filter, sort } = this;
    const all = this.model.runs().filter(({ record }) => !record.archived || filter.archived).length;
    void vscode.commands.executeCommand("setContext", ContextKey.filtered, isFiltered(filter));
    const parts = [
      filter.text === "" ? "" : `“${filter.text}”`,
      ...filter.statuses.map(statusText),
      ...filter.methods,
      ...filter.tasks,
      ...filter.tags.map((tag) => `#${tag}`),
      filter.starred ? vscode.l10n.t("starred") : "",
      filter.archived ? vscode.l10n.t("with archived") : "",
    ].filter((part) => part !== "");
    const unread = this.model.unreadable().length;
    const said = [
      parts.length === 0 ? "" : vscode.l10n.t("{0} of {1} runs: {2}", shown, all, parts.join(", ")),
      unread === 0
        ? ""
        : vscode.l10n.t(
            "{0} folders of runs cannot be read: each has a row, with Refresh to try again and Show Log.",
            unread,
          ),
    ];
    this.view.message = said.filter((part) => part !== "").join(" · ") || undefined;
    this.view.description = sort === "newest" ? "" : sortName(sort);
  }
}

export function sortName(sort: SortKey): string {
  switch (sort) {
    case "newest":
      return vscode.l10n.t("newest first");
    case "oldest":
      return vscode.l10n.t("oldest first");
    case "name":
      return vscode.l10n.t("by name");
    case "metric":
      return vscode.l10n.t("best first");
    case "status":
      return vscode.l10n.t("by status");
  }
}

export const isUnreadable = (value: unknown): value is UnreadableNode =>
  typeof value === "object" &&
  value !== null &&
  "kind" in value &&
  value.kind === "unreadable" &&
  "path" in value &&
  typeof value.path === "string";

/** Runs that a row stands for. */
export function idsOf(node: ExplorerNode): readonly string[] {
  switch (node.kind) {
    case "run":
      return [node.id];
    case "group":
      return node.ids;
    case "folder":
      return [];
    case "unreadable":
      return [basename(node.path)];
  }
}
