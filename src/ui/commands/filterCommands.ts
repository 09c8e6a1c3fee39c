import * as vscode from "vscode";
import { sortName } from "../runs/filterText.ts";
import { NO_FILTER, SORTS, type RunFilter } from "../runs/runFilter.ts";
import { statusText } from "../runs/runText.ts";
import { Command } from "../window/ids.ts";
import type { CommandContext, CommandHandlers } from "./commandContext.ts";

type Ids = typeof Command.search | typeof Command.filter | typeof Command.clearFilter | typeof Command.sort;

/** Commands that choose which runs the list shows, and in which order. */
export function filterCommands(context: CommandContext): CommandHandlers<Ids> {
  const { explorer } = context;
  return {
    [Command.search]: () => {
      search(context);
    },
    [Command.filter]: () => chooseFilter(context),
    [Command.clearFilter]: () => {
      explorer.setFilter(NO_FILTER);
    },
    [Command.sort]: async () => {
      const chosen = await vscode.window.showQuickPick(
        SORTS.map((sort) => ({ label: sortName(sort), sort, picked: sort === explorer.sort })),
        { placeHolder: vscode.l10n.t("Order of the runs") },
      );
      if (chosen !== undefined) explorer.setSort(chosen.sort);
    },
  };
}

/** Filters the list while the user types. Escape restores the filter from before. */
function search({ explorer }: CommandContext): void {
  const before = explorer.filter;
  const box = vscode.window.createInputBox();
  let kept = false;
  box.title = vscode.l10n.t("Search runs");
  box.prompt = vscode.l10n.t("In name, method, task, tags and note");
  box.value = before.text;
  box.onDidChangeValue((text) => {
    explorer.setFilter({ ...before, text });
  });
  box.onDidAccept(() => {
    kept = true;
    box.hide();
  });
  box.onDidHide(() => {
    if (!kept) explorer.setFilter(before);
    box.dispose();
  });
  box.show();
}

/** An item of the quick pick, with the change of the filter that it stands for. */
type FilterItem = vscode.QuickPickItem & { apply?: (filter: RunFilter) => RunFilter };

async function chooseFilter({ model, explorer }: CommandContext): Promise<void> {
  const records = model.runs().map(({ record }) => record);
  const before = explorer.filter;
  const distinct = <T extends string>(values: readonly T[]): T[] => [...new Set(values)].sort();
  const section = (label: string): FilterItem => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const items: FilterItem[] = [
    {
      label: `$(star-full) ${vscode.l10n.t("starred")}`,
      picked: before.starred,
      apply: (filter) => ({ ...filter, starred: true }),
    },
    {
      label: `$(archive) ${vscode.l10n.t("with archived")}`,
      picked: before.archived,
      apply: (filter) => ({ ...filter, archived: true }),
    },
    section(vscode.l10n.t("Status")),
    ...distinct(records.map(({ status }) => status)).map((status): FilterItem => ({
      label: statusText(status),
      picked: before.statuses.includes(status),
      apply: (filter) => ({ ...filter, statuses: [...filter.statuses, status] }),
    })),
    section(vscode.l10n.t("Method")),
    ...distinct(records.map(({ method }) => method)).map((method): FilterItem => ({
      label: method,
      picked: before.methods.includes(method),
      apply: (filter) => ({ ...filter, methods: [...filter.methods, method] }),
    })),
    section(vscode.l10n.t("Task")),
    ...distinct(records.map(({ task }) => task)).map((task): FilterItem => ({
      label: task,
      picked: before.tasks.includes(task),
      apply: (filter) => ({ ...filter, tasks: [...filter.tasks, task] }),
    })),
    section(vscode.l10n.t("Tags")),
    ...distinct(records.flatMap(({ tags }) => tags)).map((name): FilterItem => ({
      label: `#${name}`,
      picked: before.tags.includes(name),
      apply: (filter) => ({ ...filter, tags: [...filter.tags, name] }),
    })),
  ];
  const chosen = await vscode.window.showQuickPick(items, {
    canPickMany: true,
    placeHolder: vscode.l10n.t("Show only runs that are…"),
  });
  if (chosen !== undefined)
    explorer.setFilter(
      chosen.reduce<RunFilter>((filter, { apply }) => apply?.(filter) ?? filter, { ...NO_FILTER, text: before.text }),
    );
}
