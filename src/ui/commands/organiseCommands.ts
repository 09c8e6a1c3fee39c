import * as vscode from "vscode";
import type { Annotation } from "../../record/events.ts";
import { isLive } from "../../record/record.ts";
import type { CommandContext, CommandHandlers } from "./commandContext.ts";
import { statusText } from "../runs/runText.ts";
import { host } from "../window/host.ts";
import { Command, ContextKey } from "../window/ids.ts";
import { withoutLinks } from "../window/plainText.ts";
import { ensureTrusted } from "../window/ensureTrusted.ts";
import { sortName } from "../runs/runExplorer.ts";
import { NO_FILTER, SORTS, type RunFilter } from "../runs/runFilter.ts";
import { runsDirectory, type Run } from "../runs/runsModel.ts";

type Ids =
  | typeof Command.star
  | typeof Command.unstar
  | typeof Command.tag
  | typeof Command.note
  | typeof Command.rename
  | typeof Command.archive
  | typeof Command.unarchive
  | typeof Command.delete
  | typeof Command.undoDelete
  | typeof Command.search
  | typeof Command.filter
  | typeof Command.clearFilter
  | typeof Command.sort;

const DELETED = "adept.deleted";
interface Deleted {
  folder: string;
  ids: string[];
}

/** Keeping order among runs: what is said of them, which are shown, which are gone. */
export function organiseCommands(context: CommandContext): CommandHandlers<Ids> {
  const { explorer, pick } = context;
  const each =
    (said: Annotation) =>
    async (argument: unknown, selected: unknown): Promise<void> => {
      annotate(await pick.several(argument, selected), said, context);
    };
  void tellUndo(context);
  return {
    [Command.star]: each({ starred: true }),
    [Command.unstar]: each({ starred: false }),
    [Command.archive]: each({ archived: true }),
    [Command.unarchive]: each({ archived: false }),
    [Command.tag]: (argument, selected) => tag(argument, selected, context),
    [Command.note]: (argument) => note(argument, context),
    [Command.rename]: (argument) => rename(argument, context),
    [Command.delete]: (argument, selected) => remove(argument, selected, context),
    [Command.undoDelete]: () => undo(context),
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

/** Commits of what was said wait for each other: each goes on top of what is there. */
let committing = Promise.resolve();

function annotate(runs: readonly Run[], said: Annotation, { model, log }: CommandContext): void {
  for (const run of runs) host().annotateRun(run.directory.path, said);
  model.refresh();
  // Without trust git is not started at all.
  if (!vscode.workspace.isTrusted) return;
  for (const { directory, folder } of runs)
    committing = committing
      .then(() => host().commitAnnotation(directory, folder.uri.fsPath))
      .then(
        () => {
          /* its journal has it */
        },
        (error: unknown) => {
          log.warn(
            `what was said of ${directory.id} is in its journal, but not committed: ${(error as Error).message}`,
          );
        },
      );
}

async function tag(argument: unknown, selected: unknown, context: CommandContext): Promise<void> {
  const runs = await context.pick.several(argument, selected);
  const [first] = runs;
  if (first === undefined) return;
  const own = runs.reduce<string[]>(
    (common, run) => common.filter((each) => run.record.tags.includes(each)),
    first.record.tags,
  );
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t("Tags of {0}", runs.length === 1 ? first.record.name : vscode.l10n.t("{0} runs", runs.length)),
    prompt: vscode.l10n.t("Words, with commas between them"),
    value: own.join(", "),
    validateInput: (value) =>
      tagsOf(value).some((each) => each.length > 60) ? vscode.l10n.t("A tag has at most 60 characters.") : undefined,
  });
  if (text === undefined) return;
  // What only some of them have stays theirs.
  for (const run of runs)
    annotate(
      [run],
      { tags: [...new Set([...run.record.tags.filter((each) => !own.includes(each)), ...tagsOf(text)])] },
      context,
    );
}

const tagsOf = (text: string): string[] =>
  [
    ...new Set(
      text
        .split(",")
        .map((each) => each.trim().replace(/^#/, ""))
        .filter((each) => each !== ""),
    ),
  ].slice(0, 50);

async function note(argument: unknown, context: CommandContext): Promise<void> {
  const run = await context.pick.one(argument ?? context.explorer.selection()[0]);
  if (run === undefined) return;
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t("Note on {0}", run.record.name),
    value: run.record.note,
  });
  if (text !== undefined) annotate([run], { note: text.slice(0, 10_000) }, context);
}

async function rename(argument: unknown, context: CommandContext): Promise<void> {
  const run = await context.pick.one(argument ?? context.explorer.selection()[0]);
  if (run === undefined) return;
  const name = await vscode.window.showInputBox({
    title: vscode.l10n.t("Name of the run"),
    value: run.record.name,
    validateInput: (value) =>
      value.trim() === "" || value.length > 300 ? vscode.l10n.t("A name has 1 to 300 characters.") : undefined,
  });
  if (name !== undefined && name.trim() !== run.record.name) annotate([run], { name: name.trim() }, context);
}

/** Deletes without asking, since it can be undone: from the message, from the view, for a week. */
async function remove(argument: unknown, selected: unknown, context: CommandContext): Promise<void> {
  if (!(await ensureTrusted())) return;
  const runs = await context.pick.several(argument, selected);
  const [first] = runs;
  const { model, state, log } = context;
  if (first === undefined) return;
  const live = runs.filter(({ record }) => isLive(record.status));
  if (live.length > 0) {
    const stop = vscode.l10n.t("Stop and Delete");
    if (
      (await vscode.window.showWarningMessage(
        vscode.l10n.t("{0} of these runs are at work.", live.length),
        { modal: true },
        stop,
      )) !== stop
    )
      return;
    for (const run of live) await host().stopRun(run.directory);
  }
  await committing;
  const deleted: Deleted[] = [];
  for (const folder of new Set(runs.map((run) => run.folder))) {
    const ids = runs.filter((run) => run.folder === folder).map(({ id }) => id);
    log.info(`delete ${ids.join(" ")}`);
    await host().deleteRuns(runsDirectory(folder), ids, folder.uri.fsPath);
    deleted.push({ folder: folder.uri.toString(), ids });
  }
  await state.update(DELETED, deleted);
  await tellUndo(context);
  model.refresh();
  const back = vscode.l10n.t("Undo");
  if (
    (await vscode.window.showInformationMessage(
      runs.length === 1
        ? vscode.l10n.t('Deleted "{0}".', withoutLinks(first.record.name))
        : vscode.l10n.t("Deleted {0} runs.", runs.length),
      back,
    )) === back
  )
    await undo(context);
}

const lastDeleted = ({ state }: CommandContext): Deleted[] => state.get<Deleted[]>(DELETED) ?? [];
const tellUndo = (context: CommandContext): Thenable<unknown> =>
  vscode.commands.executeCommand("setContext", ContextKey.canUndoDelete, lastDeleted(context).length > 0);

async function undo(context: CommandContext): Promise<void> {
  if (!(await ensureTrusted())) return;
  const deleted = lastDeleted(context);
  await context.state.update(DELETED, undefined);
  await tellUndo(context);
  for (const { folder: uri, ids } of deleted) {
    const folder = context.model.folders.all().find((each) => each.uri.toString() === uri);
    if (folder !== undefined) await host().restoreRuns(runsDirectory(folder), ids, folder.uri.fsPath);
  }
  context.model.refresh();
}

/** The list follows what is typed; Escape brings the list from before back. */
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

type FilterItem = vscode.QuickPickItem & { apply?: (filter: RunFilter) => RunFilter };

async function chooseFilter({ model, explorer }: CommandContext): Promise<void> {
  const records = model.runs().map(({ record }) => record);
  const before = explorer.filter;
  const known = <T extends string>(values: readonly T[]): T[] => [...new Set(values)].sort();
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
    ...known(records.map(({ status }) => status)).map((status): FilterItem => ({
      label: statusText(status),
      picked: before.statuses.includes(status),
      apply: (filter) => ({ ...filter, statuses: [...filter.statuses, status] }),
    })),
    section(vscode.l10n.t("Method")),
    ...known(records.map(({ method }) => method)).map((method): FilterItem => ({
      label: method,
      picked: before.methods.includes(method),
      apply: (filter) => ({ ...filter, methods: [...filter.methods, method] }),
    })),
    section(vscode.l10n.t("Task")),
    ...known(records.map(({ task }) => task)).map((task): FilterItem => ({
      label: task,
      picked: before.tasks.includes(task),
      apply: (filter) => ({ ...filter, tasks: [...filter.tasks, task] }),
    })),
    section(vscode.l10n.t("Tags")),
    ...known(records.flatMap(({ tags }) => tags)).map((name): FilterItem => ({
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
