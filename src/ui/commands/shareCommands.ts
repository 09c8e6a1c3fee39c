import { basename } from "node:path";
import * as vscode from "vscode";
import { bytesText } from "../../base/text/bytesText.ts";
import { UserError } from "../../base/errors.ts";
import type { PushedFile, PushPreview } from "../../run/git/pushPreview.ts";
import { phrase } from "../../base/phrase.ts";
import type { CommandContext } from "./commandContext.ts";
import { host } from "../window/host.ts";
import { cancellableProgress } from "../window/cancellableProgress.ts";
import { cancellableWait } from "../window/cancellableWait.ts";
import { withoutLinks } from "../window/plainText.ts";
import { ensureTrusted } from "../window/ensureTrusted.ts";
import { hasCommit, hasEnded } from "../runs/runPick.ts";
import { runsDirectory } from "../runs/runsModel.ts";
import { trustedGitStore } from "../runs/trustedGitStore.ts";

/** Files that the confirmation of a push lists by name. */
const MOST_NAMED = 12;

async function chooseRemote(remotes: readonly string[]): Promise<string | undefined> {
  if (remotes.length === 0)
    throw new UserError(
      "remote-missing-here",
      phrase`The repository has no remote.`,
      phrase`Add one with git remote add.`,
    );
  return remotes.length === 1
    ? remotes[0]
    : vscode.window.showQuickPick(remotes, { placeHolder: vscode.l10n.t("Which remote?") });
}

/**
 * Asks whether files whose names suggest secrets may be pushed. Only files that the user has committed are asked for.
 * @throws UserError if such a file is not in the user's own commits
 */
async function allowSecrets(secrets: readonly PushedFile[]): Promise<boolean> {
  const named = (files: readonly PushedFile[]): string[] => [...new Set(files.map(({ path }) => path))];
  const stray = named(secrets.filter(({ tracked }) => !tracked));
  if (stray.length > 0)
    throw new UserError(
      "push-stray-secret",
      phrase`Nothing was pushed: ${stray.join(", ")} may hold a secret.`,
      phrase`Take it out of the repository, train again, and push that run.`,
    );
  if (secrets.length === 0) return true;
  const go = vscode.l10n.t("They Hold No Secrets");
  const detail = [
    ...named(secrets),
    "",
    vscode.l10n.t(
      "Your own commits have these files, and they leave with the run. Whoever can read the remote can read them.",
    ),
  ].join("\n");
  return (
    (await vscode.window.showWarningMessage(
      vscode.l10n.t("Files with these names often hold secrets. Do they?"),
      { modal: true, detail },
      go,
    )) === go
  );
}

/** Returns the list of what a push would send. */
function leavingText({ commits, files, bytes }: PushPreview): string {
  return [
    vscode.l10n.t(
      "{0} commits with your code as it was, untracked files too: {1} files, {2}.",
      commits,
      files.length,
      bytesText(bytes),
    ),
    "",
    ...files.slice(0, MOST_NAMED).map((file) => `${file.path} (${bytesText(file.bytes)})`),
    ...(files.length > MOST_NAMED ? [vscode.l10n.t("and {0} more", files.length - MOST_NAMED)] : []),
  ].join("\n");
}

/** Pushes runs to a git remote, after the user has seen and confirmed which files leave this machine. */
export async function pushRuns(argument: unknown, selected: unknown, { pick }: CommandContext): Promise<void> {
  if (!(await ensureTrusted())) return;
  const runs = await pick.several(argument, selected, (each) => hasEnded(each) && hasCommit(each));
  const [first] = runs;
  if (first === undefined) return;
  const folder = first.folder;
  const own = runs.filter((run) => run.folder.uri.toString() === folder.uri.toString());
  const share = new (host().GitShare)(await trustedGitStore(folder));
  const remote = await chooseRemote(await share.remotes());
  if (remote === undefined) return;
  const ids = own.map(({ id }) => id);
  const preview = await cancellableWait(vscode.l10n.t("Finding what would be sent…"), () => share.preview(remote, ids));
  if (preview === undefined) return;
  if (!(await allowSecrets(preview.files.filter(({ secret }) => secret)))) return;
  const go = vscode.l10n.t("Push {0} Runs", ids.length);
  if (
    (await vscode.window.showWarningMessage(
      vscode.l10n.t('Push to "{0}"?', remote),
      { modal: true, detail: leavingText(preview) },
      go,
    )) !== go
  )
    return;
  if (
    (await cancellableProgress(vscode.l10n.t("Pushing to {0}", remote), async (signal) => {
      await share.push(remote, ids, signal);
      return true;
    })) !== true
  )
    return;
  void vscode.window.showInformationMessage(vscode.l10n.t('{0} runs are pushed to "{1}".', ids.length, remote));
}

/** Fetches the runs that a git remote has and this folder has not. */
export async function fetchRuns({ model, folders, log }: CommandContext): Promise<void> {
  if (!(await ensureTrusted())) return;
  const all = folders.all();
  const folder = all.length > 1 ? await vscode.window.showWorkspaceFolderPick() : all[0];
  if (folder === undefined) return;
  const share = new (host().GitShare)(await trustedGitStore(folder));
  const remote = await chooseRemote(await share.remotes());
  if (remote === undefined) return;
  const fetched = await cancellableProgress(vscode.l10n.t("Fetching runs from {0}", remote), (signal) =>
    share.fetch(remote, runsDirectory(folder), signal),
  );
  if (fetched === undefined) return;
  const { came, refused } = fetched;
  for (const { id, reason } of refused) log.warn(`fetched run ${id} was not taken over: ${reason}`);
  model.adopt();
  const text = vscode.l10n.t('{0} new runs from "{1}".', came.length, basename(remote));
  if (refused.length === 0) void vscode.window.showInformationMessage(withoutLinks(text));
  else {
    const show = vscode.l10n.t("Show Log");
    if (
      (await vscode.window.showWarningMessage(
        `${text} ${vscode.l10n.t("{0} could not be read.", refused.length)}`,
        show,
      )) === show
    )
      log.show();
  }
}
