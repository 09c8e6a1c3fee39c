import * as vscode from "vscode";
import type { Annotation } from "../../record/events.ts";
import { host } from "../window/host.ts";
import { Command } from "../window/ids.ts";
import type { Run } from "../runs/runsModel.ts";
import type { CommandContext, CommandHandlers } from "./commandContext.ts";
import { askText } from "../window/askText.ts";

type Ids =
  | typeof Command.star
  | typeof Command.unstar
  | typeof Command.tag
  | typeof Command.note
  | typeof Command.rename
  | typeof Command.archive
  | typeof Command.unarchive;

/** Tags of a run, and characters of a tag and a note, at most. */
const MOST_TAGS = 50;
const LONGEST_TAG = 60;
const LONGEST_NOTE = 10_000;

/** Commands that annotate runs: star, archive, tag, note and rename. */
export function annotateCommands(context: CommandContext): CommandHandlers<Ids> {
  const annotateAll =
    (annotation: Annotation) =>
    async (argument: unknown, selected: unknown): Promise<void> => {
      annotate(await context.pick.several(argument, selected), annotation, context);
    };
  return {
    [Command.star]: annotateAll({ starred: true }),
    [Command.unstar]: annotateAll({ starred: false }),
    [Command.archive]: annotateAll({ archived: true }),
    [Command.unarchive]: annotateAll({ archived: false }),
    [Command.tag]: (argument, selected) => tag(argument, selected, context),
    [Command.note]: (argument) => note(argument, context),
    [Command.rename]: (argument) => rename(argument, context),
  };
}

/** The last commit of an annotation. Commits run one after another, because each builds on the one before. */
let lastCommit = Promise.resolve();

/** Returns a promise that resolves once all annotations so far are committed, or their commits have failed. */
export const annotationCommits = (): Promise<void> => lastCommit;

/** Writes an annotation to the journals of runs at once, and commits it in the background. */
function annotate(runs: readonly Run[], annotation: Annotation, { model, log }: CommandContext): void {
  for (const run of runs) host().annotateRun(run.directory.path, annotation);
  model.refresh();
  // Git is not started in a folder that is not trusted.
  if (!vscode.workspace.isTrusted) return;
  for (const { directory, folder } of runs)
    lastCommit = lastCommit
      .then(() => host().commitAnnotation(directory, folder.uri.fsPath))
      .then(
        () => {
          /* Nothing more to do: the journal has the annotation. */
        },
        (error: unknown) => {
          log.warn(
            `the annotation of ${directory.id} is in its journal, but not committed: ${(error as Error).message}`,
          );
        },
      );
}

/** Edits the tags that all the runs have in common. */
async function tag(argument: unknown, selected: unknown, context: CommandContext): Promise<void> {
  const runs = await context.pick.several(argument, selected);
  const [first] = runs;
  if (first === undefined) return;
  const common = runs.reduce<string[]>(
    (tags, run) => tags.filter((each) => run.record.tags.includes(each)),
    first.record.tags,
  );
  const text = await askText({
    title: vscode.l10n.t("Tags of {0}", runs.length === 1 ? first.record.name : vscode.l10n.t("{0} runs", runs.length)),
    prompt: vscode.l10n.t("Words, with commas between them"),
    value: common.join(", "),
    validateInput: (value) =>
      tagsOf(value).some((each) => each.length > LONGEST_TAG)
        ? vscode.l10n.t("A tag has at most 60 characters.")
        : undefined,
  });
  if (text === undefined) return;
  // Tags that only some of the runs have were not shown, and are kept.
  for (const run of runs)
    annotate(
      [run],
      { tags: [...new Set([...run.record.tags.filter((each) => !common.includes(each)), ...tagsOf(text)])] },
      context,
    );
}

/** Splits the text of the input box into tags. */
const tagsOf = (text: string): string[] =>
  [
    ...new Set(
      text
        .split(",")
        .map((each) => each.trim().replace(/^#/, ""))
        .filter((each) => each !== ""),
    ),
  ].slice(0, MOST_TAGS);

async function note(argument: unknown, context: CommandContext): Promise<void> {
  const run = await context.pick.one(argument ?? context.explorer.selection()[0]);
  if (run === undefined) return;
  const text = await askText({
    title: vscode.l10n.t("Note on {0}", run.record.name),
    value: run.record.note,
  });
  if (text !== undefined) annotate([run], { note: text.slice(0, LONGEST_NOTE) }, context);
}

async function rename(argument: unknown, context: CommandContext): Promise<void> {
  const run = await context.pick.one(argument ?? context.explorer.selection()[0]);
  if (run === undefined) return;
  const name = await askText({
    title: vscode.l10n.t("Name of the run"),
    value: run.record.name,
    validateInput: (value) =>
      value.trim() === "" || value.length > 300 ? vscode.l10n.t("A name has 1 to 300 characters.") : undefined,
  });
  if (name !== undefined && name.trim() !== run.record.name) annotate([run], { name: name.trim() }, context);
}
