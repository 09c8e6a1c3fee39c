import { existsSync, realpathSync } from "node:fs";
import { relative, resolve, sep } from "node:path";
import { UserError } from "../../../base/errors.ts";
import { GitRestore, type RestorableFile } from "../../../run/git/gitRestore.ts";
import { knownFiles } from "../../../run/inputs/inputPlaces.ts";
import { command, type Options, type Parsed } from "../../command.ts";
import { RUN_OPTIONS } from "../../commonOptions.ts";
import { codeCommitOf, gitHere } from "../../gitHere.ts";
import { namedRun } from "../../namedRun.ts";
import { say } from "../../terminal.ts";
import { WrongUse } from "../../wrongUse.ts";
import { phrase } from "../../../base/phrase.ts";

/** The path of an argument inside the repository, and where it leads if it is a symbolic link. */
function namesOf(top: string, wanted: string): string[] {
  const path = resolve(wanted);
  return [path, ...(existsSync(path) ? [realpathSync(path)] : [])].map((each) =>
    relative(top, each).split(sep).join("/"),
  );
}

/**
 * Returns the files that the arguments name, by their own paths or those of their folders.
 * @throws UserError where an argument names no file that differs
 */
function chosen(files: readonly RestorableFile[], top: string, wanted: readonly string[]): string[] {
  return [
    ...new Set(
      wanted.flatMap((each) => {
        const fitting = namesOf(top, each).flatMap((own) =>
          files.filter(({ path }) => own === "" || path === own || path.startsWith(`${own}/`)),
        );
        if (fitting.length === 0)
          throw new UserError(
            "file-as-run-had-it",
            phrase`${each} is as the run had it, or the run has not got it`,
            phrase`See adept runs diff.`,
          );
        return fitting.map(({ path }) => path);
      }),
    ),
  ];
}

const OPTIONS = {
  all: { type: "boolean", help: "restores every file that differs" },
  undo: { type: "string", value: "BACKUP", help: "takes a restore back: the backup that it printed" },
  ...RUN_OPTIONS,
} as const satisfies Options;

/** Restores files of a run's commit, after a backup of the present ones. */
async function run({ values, positionals: [wanted, ...paths] }: Parsed<typeof OPTIONS>): Promise<number> {
  const store = await gitHere();
  const answer = (json: object, text: string): void => {
    say(values.json === true ? JSON.stringify(json) : text);
  };
  if (values.undo !== undefined) {
    const undoing = new GitRestore(store);
    await undoing.undo(await undoing.backupAt(values.undo));
    answer({ undone: values.undo }, "everything is as it was before");
    return 0;
  }
  if (wanted === undefined || (paths.length === 0 && values.all !== true))
    throw new WrongUse("restore takes a run, and paths or --all; adept runs diff RUN lists them");
  const run = namedRun(values["runs-dir"], wanted);
  const commit = codeCommitOf(run);
  const restoring = new GitRestore(store, knownFiles(run.record()));
  const files = await restoring.differences(commit);
  const restored = values.all === true ? files.map(({ path }) => path) : chosen(files, store.git.folder, paths);
  if (restored.length === 0) {
    answer({ run: run.id, restored }, "all files are as the run had them");
    return 0;
  }
  const { ref } = await restoring.restore(commit, restored);
  answer(
    { run: run.id, restored, backup: ref },
    [...restored.map((path) => `restored  ${path}`), `undo with: adept runs restore --undo ${ref}`].join("\n"),
  );
  return 0;
}

export const restoreCommand = command({
  summary: "puts files back as a run had them, after a backup of those that are here",
  takes: "[RUN] [PATH]...",
  options: OPTIONS,
  examples: ["adept runs restore latest train.jsonl", "adept runs restore latest --all"],
  run,
});
