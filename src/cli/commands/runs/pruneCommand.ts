import { basename } from "node:path";
import { keptCopies, removeCopy } from "../../../backbone/files/keptCopies.ts";
import { bytesText } from "../../../base/text/bytesText.ts";
import { slurmExecutor } from "../../../executor/executors.ts";
import { openGitStore } from "../../../run/git/gitStore.ts";
import { findPrunable, PRUNABLE_KINDS, type Prunable, type PrunableKind } from "../../../run/removal/prune.ts";
import { command, type Options, type Parsed } from "../../command.ts";
import { RUN_OPTIONS } from "../../commonOptions.ts";
import { localWorker } from "../../localWorker.ts";
import { runsFolder } from "../../namedRun.ts";
import { say } from "../../terminal.ts";

/**
 * What can go; "submissions" are folders of a cluster's jobs, "copies" those of weights in the cache, which all runs of
 * this machine share.
 */
type Found = Omit<Prunable, "kind"> & { kind: PrunableKind | "submissions" | "copies" };
const TEXTS: Record<Found["kind"], (what: string) => string> = {
  submissions: (what) => `submission ${what}, more than a week old, which no job and no run needs`,
  copies: (what) => `copy of weights ${what}`,
  deleted: (what) => `run ${what}, deleted more than a week ago`,
  backups: (what) => `backup ${what}, more than a month old`,
  worktrees: (what) => `work tree ${what}, which no training uses`,
  files: (what) => `kept file ${what.slice(0, 12)}, which no run names`,
  checkpoints: (what) => `checkpoints of finished run ${what}`,
};
const total = (found: readonly Found[]): string => bytesText(found.reduce((sum, { bytes = 0 }) => sum + bytes, 0));

function summary(found: readonly Found[], removed: boolean, asked: string): string {
  if (found.length === 0) return "nothing to prune";
  return removed
    ? `removed: ${found.length}, ${total(found)}`
    : `${found.length} can go, ${total(found)}: adept runs prune${asked} --yes removes them`;
}

/** Copies of weights whose model is gone or changed; or all, which are made anew when they are needed. */
const copies = (all: boolean): Found[] =>
  keptCopies()
    .filter(({ isStale }) => all || isStale)
    .map((copy) => ({
      kind: "copies",
      what: copy.path,
      bytes: copy.bytes,
      remove: () => {
        removeCopy(copy);
      },
    }));

/** Folders of a cluster's jobs that nothing needs any more. */
const submissions = (runsDir: string): Found[] =>
  slurmExecutor({ ...localWorker(), runsDir })
    .oldSubmissions()
    .map(({ path, bytes, remove }) => ({ kind: "submissions", what: basename(path), bytes, remove }));

const OPTIONS = {
  checkpoints: { type: "boolean", help: "also the checkpoints of finished runs" },
  copies: { type: "boolean", help: "also copies of weights of models that are still here; they are made anew" },
  yes: { type: "boolean", help: "removes what is listed" },
  ...RUN_OPTIONS,
} as const satisfies Options;

/** Lists what is no longer needed; with --yes, deletes it. */
async function run({ values }: Parsed<typeof OPTIONS>): Promise<number> {
  const opened = await openGitStore(process.cwd());
  const runsDir = runsFolder(values["runs-dir"]);
  const ofRuns = await findPrunable(
    { store: "reason" in opened ? undefined : opened, runsDir, now: Date.now() },
    PRUNABLE_KINDS.filter((kind) => kind !== "checkpoints" || values.checkpoints === true),
  );
  const found: Found[] = [...ofRuns, ...submissions(runsDir), ...copies(values.copies === true)];
  const asked = (["checkpoints", "copies"] as const)
    .filter((each) => values[each] === true)
    .map((each) => ` --${each}`);
  if (values.yes === true) for (const { remove } of found) await remove();
  const removed = values.yes === true;
  if (values.json === true)
    say(JSON.stringify({ removed, found: found.map(({ kind, what, bytes }) => ({ kind, what, bytes })) }));
  else {
    for (const { kind, what, bytes } of found)
      say(`${TEXTS[kind](what)}${bytes === undefined ? "" : ` (${bytesText(bytes)})`}`);
    say(summary(found, removed, asked.join("")));
  }
  return 0;
}

export const pruneCommand = command({
  summary: "lists what is no longer needed on the disk, and removes it",
  takes: "",
  options: OPTIONS,
  examples: ["adept runs prune", "adept runs prune --checkpoints --yes"],
  run,
});
