import * as vscode from "vscode";
import { isOpen, type RunRecord } from "../experiment/record.ts";
import { describe, result, statusIcon, statusText } from "./describe.ts";
import { Store } from "./disposable.ts";
import { Command, View } from "./ids.ts";
import type { Run, RunsModel } from "./runsModel.ts";

export interface FolderNode { readonly kind: "folder"; readonly folder: vscode.WorkspaceFolder }
export interface RunNode { readonly kind: "run"; readonly id: string }
export type Node = FolderNode | RunNode;

/** The list of runs in the activity bar. */
export class RunExplorer extends Store implements vscode.TreeDataProvider<Node> {
  private readonly repaint = this.register(new vscode.EventEmitter<Node[] | undefined>());
  readonly onDidChangeTreeData = this.repaint.event;
  private readonly nodes = new Map<string, RunNode>();

  constructor(private readonly model: RunsModel) {
    super();
    const view = this.register(vscode.window.createTreeView<Node>(View.runs, { treeDataProvider: this, showCollapseAll: false }));
    this.register(model.onDidChange(({ ids, list }) => {
      this.repaint.fire(list ? undefined : ids.map((id) => this.node(id)));
      const running = model.live().length;
      view.badge = running === 0 ? undefined : { value: running, tooltip: vscode.l10n.t("Running: {0}", running) };
    }));
  }

  getChildren(parent?: Node): Node[] {
    const folders = vscode.workspace.workspaceFolders ?? [];
    if (parent?.kind === "run") return [];
    if (parent === undefined && folders.length > 1) return this.model.runs().length === 0 ? [] : folders.map((folder) => ({ kind: "folder", folder }));
    return this.model.runs(parent?.folder).map((run) => this.node(run.id));
  }

  getParent(node: Node): Node | undefined {
    if (node.kind === "folder" || (vscode.workspace.workspaceFolders?.length ?? 0) < 2) return undefined;
    const folder = this.model.find(node.id)?.folder;
    return folder && { kind: "folder", folder };
  }

  getTreeItem(node: Node): vscode.TreeItem {
    if (node.kind === "folder") {
      const item = new vscode.TreeItem(node.folder.name, vscode.TreeItemCollapsibleState.Expanded);
      item.id = node.folder.uri.toString();
      item.iconPath = vscode.ThemeIcon.Folder;
      return item;
    }
    const run = this.model.find(node.id);
    return run === undefined ? new vscode.TreeItem(node.id) : runItem(run);
  }

  /** The tooltip is written when it is first asked for. */
  resolveTreeItem(item: vscode.TreeItem, node: Node): vscode.TreeItem {
    const run = node.kind === "run" ? this.model.find(node.id) : undefined;
    if (run !== undefined) item.tooltip = tooltip(run.record);
    return item;
  }

  private node(id: string): RunNode {
    let node = this.nodes.get(id);
    if (node === undefined) this.nodes.set(id, node = { kind: "run", id });
    return node;
  }
}

function runItem({ id, record }: Run): vscode.TreeItem {
  const item = new vscode.TreeItem(record.name, vscode.TreeItemCollapsibleState.None);
  item.id = id;
  item.iconPath = statusIcon(record.status);
  item.description = describe(record);
  item.contextValue = contextValue(record);
  item.accessibilityInformation = { label: vscode.l10n.t("Run {0}, {1}", record.name, describe(record)), role: "treeitem" };
  item.command = { command: Command.openPanel, title: vscode.l10n.t("Open Results"), arguments: [id] };
  return item;
}

function contextValue(record: RunRecord): string {
  if (isOpen(record.status)) return "run.live";
  return record.status === "finished" ? "run.finished" : "run.resumable";
}

function tooltip(record: RunRecord): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  const line = (name: string, value: string | number | undefined) => {
    if (value === undefined || value === "") return;
    text.appendMarkdown("\n- ").appendText(`${name}: ${value}`);
  };
  text.appendMarkdown("**").appendText(record.name).appendMarkdown("**\n");
  line(vscode.l10n.t("Status"), statusText(record.status));
  line(vscode.l10n.t("Run"), record.id);
  line(vscode.l10n.t("Method"), record.method);
  line(vscode.l10n.t("Task"), record.task);
  line(vscode.l10n.t("Backbone"), record.backbone);
  line(vscode.l10n.t("Trainable parameters"), record.trainable?.toLocaleString());
  const known = result(record);
  if (known !== undefined) line(known.split === "test" ? vscode.l10n.t("Test {0}", known.name) : vscode.l10n.t("Validation {0}", known.name), known.value);
  line(vscode.l10n.t("Commit"), (record.resultCommit ?? record.snapshotCommit)?.slice(0, 10));
  line(vscode.l10n.t("Error"), record.error?.message);
  return text;
}
