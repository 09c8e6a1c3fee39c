import { UserError } from "../../../base/errors.ts";
import { isOpen } from "../../../record/record.ts";
import type { PushPreview } from "../../../run/git/pushPreview.ts";
import { GitShare } from "../../../run/git/gitShare.ts";
import { command, type Options, type Parsed } from "../../command.ts";
import { RUN_OPTIONS } from "../../commonOptions.ts";
import { gitHere, remoteOf } from "../../gitHere.ts";
import { namedRun, runsFolder } from "../../namedRun.ts";
import { say, tell } from "../../terminal.ts";
import { WrongUse } from "../../wrongUse.ts";
import { phrase } from "../../../base/phrase.ts";

const LISTED = 40;
const size = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e6 ? 3 : 1)} MB`;

/**
 * Refuses a push of files that may hold secrets.
 * @param allowed whether such files may be pushed if the user's own commits contain them
 * @throws UserError naming the files
 */
function holdSecrets({ files }: PushPreview, allowed: boolean): void {
  const secrets = files.filter(({ secret, tracked }) => secret && !(tracked && allowed));
  const stray = secrets.filter(({ tracked }) => !tracked);
  const named = (those: typeof files): string => [...new Set(those.map(({ path }) => path))].join(", ");
  if (stray.length > 0)
    throw new UserError(
      "push-holds-secret",
      phrase`Nothing was pushed: ${named(stray)} may hold a secret`,
      phrase`Take it out of the repository, train again, and push that run.`,
    );
  if (secrets.length > 0)
    throw new UserError(
      "push-holds-secret",
      phrase`Nothing was pushed: ${named(secrets)} may hold a secret`,
      phrase`Your own commits have it. If it holds none, add --tracked-secrets.`,
    );
}

const PUSH_OPTIONS = {
  remote: { type: "string", value: "NAME", help: "remote of the repository; needed where there are several" },
  yes: { type: "boolean", help: "pushes what is listed" },
  "tracked-secrets": { type: "boolean", help: "also pushes files that look like secrets and are in your own commits" },
  ...RUN_OPTIONS,
} as const satisfies Options;

/** Lists what a push would send; with --yes, pushes it. */
async function runPush({ values, positionals }: Parsed<typeof PUSH_OPTIONS>): Promise<number> {
  if (positionals.length === 0) throw new WrongUse("push takes the runs that leave");
  const store = await gitHere();
  const share = new GitShare(store);
  const remote = remoteOf(await share.remotes(), values.remote);
  const ids = [...new Set(positionals.map((wanted) => namedRun(values["runs-dir"], wanted)))].map((run) => {
    if (isOpen(run.record().status))
      throw new UserError("run-not-ended", phrase`Run ${run.id} has not ended`, phrase`Let it finish, or stop it.`);
    return run.id;
  });
  for (const id of ids)
    if ((await store.commitOf(id)) === undefined)
      throw new UserError(
        "run-without-commit",
        phrase`Run ${id} has no commit`,
        phrase`Runs are committed in folders with a git repository.`,
      );
  const preview = await share.preview(remote, ids);
  const { commits, files, bytes } = preview;
  tell(
    [
      `to ${remote}: ${commits} commits, ${files.length} files, ${size(bytes)}`,
      ...files.slice(0, LISTED).map((file) => `  ${size(file.bytes).padStart(10)}  ${file.path}`),
      ...(files.length > LISTED ? [`  and ${files.length - LISTED} more`] : []),
      "",
    ].join("\n"),
  );
  if (values.yes === true) {
    holdSecrets(preview, values["tracked-secrets"] === true);
    await share.push(remote, ids);
  }
  if (values.json === true) say(JSON.stringify({ remote, runs: ids, pushed: values.yes === true, ...preview }));
  else say(values.yes === true ? `pushed to ${remote}: ${ids.join(" ")}` : "nothing has left: add --yes to push");
  return values.yes === true ? 0 : 2;
}

export const pushCommand = command({
  summary: "lists what pushing runs would send to a remote, and pushes them",
  takes: "RUN...",
  options: PUSH_OPTIONS,
  examples: ["adept runs push latest", "adept runs push latest --yes"],
  notes: ["Without --yes nothing leaves, and the exit code is 2."],
  run: runPush,
});

const FETCH_OPTIONS = {
  remote: { type: "string", value: "NAME", help: "remote of the repository; needed where there are several" },
  ...RUN_OPTIONS,
} as const satisfies Options;

/** Fetches the runs that a remote has and this folder lacks. */
async function runFetch({ values }: Parsed<typeof FETCH_OPTIONS>): Promise<number> {
  const share = new GitShare(await gitHere());
  const remote = remoteOf(await share.remotes(), values.remote);
  const { came, refused } = await share.fetch(remote, runsFolder(values["runs-dir"]));
  for (const { id, reason } of refused) tell(`run ${id} was not taken over: ${reason}\n`);
  const text = came.length === 0 ? `nothing new from ${remote}` : came.join("\n");
  say(values.json === true ? JSON.stringify({ remote, came, refused }) : text);
  return 0;
}

export const fetchCommand = command({
  summary: "fetches the runs that a remote has and this folder lacks",
  takes: "",
  options: FETCH_OPTIONS,
  examples: ["adept runs fetch"],
  run: runFetch,
});
