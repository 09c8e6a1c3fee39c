import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import type { RunRecord } from "../../record/record.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import { ContextKey, View } from "../window/ids.ts";
import { isOnCluster, whereIs } from "./clusterRuns.ts";
import { idsOf, type ExplorerNode } from "./explorerNode.ts";
import { filterText, sortName } from "./filterText.ts";
import { groupItem, groupText } from "./groupItem.ts";
import { isFiltered, passesFilter, SORTS, storedFilter, type RunFilter, type SortKey } from "./runFilter.ts";
import { runItem, runTooltip, unreadableItem } from "./runItem.ts";
import type { Run, RunsModel } from "./runsModel.ts";
import { metricOf, treeOf, type GroupNode, type RunNode, type TreeNode } from "./runTree.ts";

/** Keys of the workspace state. */
const FILTER = "adept.filter";
const SORT = "adept.sort";
/** Time in ms that a click waits for VS Code to know the clicked row, and the interval of asking. */
const CLICK_MS = 2000;
const CLICK_STEP_MS = 25;

/** Returns the fields of a run that decide whether and where it is in the tree; others only change its own row. */
const treeFieldsOf = (record: RunRecord): string =>
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

/** The list of runs in the activity bar: grouped by experiment, filtered and sorted. Changes repaint single rows. */
export class RunExplorer extends DisposableStore implements vscode.TreeDataProvider<ExplorerNode> {
  private readonly repaint = this.register(new vscode.EventEmitter<ExplorerNode[] | undefined>());
  readonly onDidChangeTreeData = this.repaint.event;
  private readonly view: vscode.TreeView<ExplorerNode>;
  /** The tree fields of each run in the built tree, by id. */
  private readonly treeFields = new Map<string, string>();
  /** The tree of each folder. VS Code knows rows by identity, so nodes stay the same objects until a rebuild. */
  private readonly roots = new Map<string, TreeNode[]>();
  private readonly rows = new Map<string, RunNode>();
  /** The groups of each run, from the outermost. */
  private readonly parents = new Map<string, GroupNode[]>();
  /** The description that each group shows, by its key. */
  private readonly shownGroupTexts = new Map<string, string>();
  /** Whether VS Code has asked for the tree since the last rebuild. */
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
    this.showFilter();
  }

  get filter(): RunFilter {
    return storedFilter(this.state.get(FILTER));
  }

  get sort(): SortKey {
    const stored = this.state.get<unknown>(SORT);
    return SORTS.find((each) => each === stored) ?? "newest";
  }

  /** Returns the ids of the selected runs, and of the runs of selected groups. */
  selection(): string[] {
    return [...new Set(this.view.selection.flatMap((node) => idsOf(node)))];
  }

  /**
   * Returns the id of the run whose row was just clicked. While VS Code takes over a rebuilt tree it reports no
   * selection for a moment, so this waits for one.
   */
  async clicked(): Promise<string | undefined> {
    for (let waited = 0; waited < CLICK_MS; waited += CLICK_STEP_MS) {
      const [node] = this.view.selection;
      if (node !== undefined) return node.kind === "run" ? node.id : undefined;
      await sleep(CLICK_STEP_MS);
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
    const group =
      node.kind === "run"
        ? this.parents.get(node.id)?.at(-1)
        : [...this.parents.values()].flat().find((each) => each.children.includes(node));
    if (group !== undefined || this.model.folders.all().length < 2) return group;
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
    if (node.kind === "group") {
      const records = this.recordsOf(node);
      this.shownGroupTexts.set(node.key, groupText(records));
      return groupItem(node, records, this.runsOf(node).some(isOnCluster));
    }
    if (node.kind === "unreadable") return unreadableItem(node);
    const run = this.model.find(node.id);
    return run === undefined ? new vscode.TreeItem(node.id) : runItem(run, node.label);
  }

  /** Writes a row's tooltip when VS Code first asks for it, not when the row is made. */
  resolveTreeItem(item: vscode.TreeItem, node: ExplorerNode): vscode.TreeItem {
    const run = node.kind === "run" ? this.model.find(node.id) : undefined;
    if (run !== undefined) item.tooltip = runTooltip(run.record, whereIs(run));
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
    for (const record of all) this.treeFields.set(record.id, treeFieldsOf(record));
    const note = (node: TreeNode, above: readonly GroupNode[]): void => {
      if (node.kind === "run") {
        this.rows.set(node.id, node);
        this.parents.set(node.id, [...above]);
      } else for (const child of node.children) note(child, [...above, node]);
    };
    for (const node of tree) note(node, []);
    this.showFilter(shown.length);
    return tree;
  }

  private change(ids: readonly string[], list: boolean): void {
    let treeChanged = list;
    for (const id of ids) {
      const record = this.model.find(id)?.record;
      const fields = record === undefined ? "" : treeFieldsOf(record);
      if (this.treeFields.get(id) !== fields) {
        this.treeFields.set(id, fields);
        treeChanged = true;
      }
    }
    if (treeChanged) this.rebuild();
    else this.repaint.fire(ids.flatMap((id) => this.changedRows(id)));
    const running = this.model.live().length;
    this.view.badge = running === 0 ? undefined : { value: running, tooltip: vscode.l10n.t("Running: {0}", running) };
  }

  /** Returns the row of a run, and the rows of its groups whose description has changed. */
  private changedRows(id: string): ExplorerNode[] {
    const row = this.rows.get(id);
    if (row === undefined) return [];
    return [
      row,
      ...(this.parents.get(id) ?? []).filter(
        (group) => this.shownGroupTexts.get(group.key) !== groupText(this.recordsOf(group)),
      ),
    ];
  }

  private rebuild(): void {
    this.roots.clear();
    this.rows.clear();
    this.parents.clear();
    // A repaint that nobody needs would take a row away while the user clicks on it.
    if (this.asked) this.repaint.fire(undefined);
    this.asked = false;
    if (!this.view.visible) this.showFilter();
  }

  private runsOf({ ids }: GroupNode): Run[] {
    return ids.flatMap((id) => this.model.find(id) ?? []);
  }

  private recordsOf(node: GroupNode): RunRecord[] {
    return this.runsOf(node).map(({ record }) => record);
  }

  /** Says above the list what the filter leaves out, and how many folders cannot be read. */
  private showFilter(shown = this.model.runs().filter(({ record }) => passesFilter(record, this.filter)).length): void {
    const { filter, sort } = this;
    const all = this.model.runs().filter(({ record }) => !record.archived || filter.archived).length;
    void vscode.commands.executeCommand("setContext", ContextKey.filtered, isFiltered(filter));
    const selection = filterText(filter);
    const unreadable = this.model.unreadable().length;
    const messages = [
      selection === "" ? "" : vscode.l10n.t("{0} of {1} runs: {2}", shown, all, selection),
      unreadable === 0
        ? ""
        : vscode.l10n.t(
            "{0} folders of runs cannot be read: each has a row, with Refresh to try again and Show Log.",
            unreadable,
          ),
    ];
    this.view.message = messages.filter((part) => part !== "").join(" · ") || undefined;
    this.view.description = sort === "newest" ? "" : sortName(sort);
  }
}
