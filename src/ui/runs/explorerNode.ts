import { basename } from "node:path";
import { type Phrase } from "../../base/phrase.ts";
import type * as vscode from "vscode";
import type { TreeNode } from "./runTree.ts";

/** A row of the list for a workspace folder, if there are several. */
export interface FolderNode {
  readonly kind: "folder";
  readonly folder: vscode.WorkspaceFolder;
}

/** A row of the list for a run's folder, or the folder of all runs, that cannot be read. */
export interface UnreadableNode {
  readonly kind: "unreadable";
  readonly path: string;
  readonly reason: Phrase;
}

/** A row of the list of runs. */
export type ExplorerNode = FolderNode | UnreadableNode | TreeNode;

const KINDS: readonly unknown[] = ["run", "group", "folder", "unreadable"] satisfies ExplorerNode["kind"][];

/** Whether a command's argument is a row of the list. */
export const isExplorerNode = (value: unknown): value is ExplorerNode =>
  typeof value === "object" && value !== null && "kind" in value && KINDS.includes(value.kind);

/** Whether a command's argument is the row of a folder that cannot be read. */
export const isUnreadable = (value: unknown): value is UnreadableNode =>
  typeof value === "object" &&
  value !== null &&
  "kind" in value &&
  value.kind === "unreadable" &&
  "path" in value &&
  typeof value.path === "string";

/** Returns the ids of the runs that a row stands for. */
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
