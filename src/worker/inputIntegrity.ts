import { english, phrase } from "../base/phrase.ts";
import type { InputDigest } from "../record/events.ts";
import { codeCommit } from "../record/record.ts";
import type { RunDirectory } from "../run/directory/runDirectory.ts";
import { hasDigest } from "../run/files/contentStore.ts";
import type { GitStore } from "../run/git/gitStore.ts";
import { besidePath, TrainedBytes } from "../run/git/trainedBytes.ts";
import { pathInRepository, presentFile } from "../run/inputs/inputPlaces.ts";
import { whyText } from "../run/inputs/inputText.ts";
import type { RunTrouble } from "./runIntegrity.ts";

const reason = (content: InputDigest): string => english(whyText(content) ?? phrase`its commit lacks it`);

/** What there is to know of a file of which git has other bytes, or none; undefined if there is nothing. */
function noteOf(path: string, content: InputDigest): string | undefined {
  const { kept, why, sha256 } = content;
  const other = `its commit has other bytes of ${path} than it was trained on (${reason(content)})`;
  if (kept === "beside") return `${other}; its ${besidePath(content)} has those`;
  if (kept === "filter") return `${other}; the filter gives those`;
  if (kept !== "store" || why === "untracked") return undefined;
  return why === "link"
    ? `what ${path} held when it was read is kept beside git, SHA-256 ${sha256} (${reason(content)})`
    : `${other}; those are kept beside git, SHA-256 ${sha256}`;
}

/**
 * Checks that the bytes a run was trained on can be given back: its commit, the store of large files or the files as
 * they are now have them.
 * @param hashes those of `TrainedBytes`: runs often share their files
 * @returns `troubles`: files of the repository whose bytes are gone; `notes`: files that git has with other bytes, and
 * files outside the repository that have changed since
 */
export async function inputFindings(
  run: RunDirectory,
  store: GitStore,
  hashes = new Map<string, string>(),
): Promise<{ troubles: RunTrouble[]; notes: string[] }> {
  const found: { troubles: RunTrouble[]; notes: string[] } = { troubles: [], notes: [] };
  const record = run.record();
  const commit = codeCommit(record);
  // A commit that is not here is a trouble of its own.
  if (commit === undefined || (await store.git.lineOrUndefined(["cat-file", "-e", commit])) === undefined) return found;
  const bytes = new TrainedBytes(store, commit, hashes);
  const { sources } = record;
  for (const [given, content] of Object.entries(record.contents)) {
    if (content.why === "many") continue;
    const path = pathInRepository(sources, given);
    const note = noteOf(path ?? given, content);
    if (path !== undefined && (await bytes.has({ path, content })))
      found.notes.push(...(note === undefined ? [] : [note]));
    else if (!(await hasDigest(content, presentFile(run, given)))) {
      const what = `what it was trained on of ${path ?? given} is kept nowhere (SHA-256 ${content.sha256}): ${reason(content)}`;
      if (path === undefined) found.notes.push(what);
      else
        found.troubles.push({
          what,
          action: "Put the file with that digest where the run had it: else it can be neither restored nor reproduced.",
        });
    }
  }
  return found;
}
