import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { english } from "../../../src/base/phrase.ts";
import { foldEvents } from "../../../src/record/foldEvents.ts";
import { GitStore, openGitStore } from "../../../src/run/git/gitStore.ts";
import { git, ID } from "./repository.ts";
import { wholeState } from "./wholeState.ts";

export const record = { ...foldEvents([]), id: ID, name: "naïve run ✓" };
export const NO_HOOKS = ["-c", "core.hooksPath=/dev/null"];

export interface Place {
  root: string;
  folder: string;
  write: (path: string | Buffer, text: string) => void;
}
interface Committed {
  snapshot: string;
  result: string;
  note: string | undefined;
  show: (path: string) => string;
  has: (path: string) => boolean;
  skipped: Record<string, string>;
}
/** A prepared repository. */
interface Case {
  prepare: (place: Place) => unknown;
  init?: string[];
  where?: (place: Place) => string;
  gitFolder?: (place: Place) => string;
  check?: (committed: Committed, place: Place) => unknown;
}

/** A file in a commit of a run, as the checks of a state look at it. */
const hasFile = (folder: string, commit: string, path: string): boolean => {
  try {
    git(folder, "cat-file", "-e", `${commit}:${path}`);
    return true;
  } catch {
    return false;
  }
};

function newPlace(): Place {
  const root = mkdtempSync(join(tmpdir(), "adept matrix "));
  const folder = join(root, "répo");
  const fullPath = (path: string | Buffer): string | Buffer =>
    typeof path === "string" ? join(folder, path) : Buffer.concat([Buffer.from(`${folder}/`), path]);
  return {
    root,
    folder,
    write: (path, text) => {
      writeFileSync(fullPath(path), text);
    },
  };
}

/** Commits a run twice in a prepared repository, and checks that nothing of the user's changes. */
async function commitRun(folder: string, root: string, gitFolder: string): Promise<Committed> {
  const before = wholeState(folder, gitFolder);
  const store = await openGitStore(folder);
  assert.ok(store instanceof GitStore, JSON.stringify(store));
  const { commit: snapshot, skipped, note } = await store.snapshot(ID, record);
  const artefact = join(root, "metrics.json");
  writeFileSync(artefact, '{"crlf":"\r\n"}');
  const { commit: result } = await store.result(ID, { ...record, status: "finished" }, [
    { path: "analysis/x.json", source: artefact },
  ]);
  const [listed] = await store.list();
  assert.deepEqual(wholeState(folder, gitFolder), before);
  assert.deepEqual([listed?.commit, (listed?.record as typeof record).name], [result, record.name]);
  assert.equal(git(folder, "cat-file", "blob", `${result}:adept-results/${ID}/analysis/x.json`), '{"crlf":"\r\n"}');
  assert.deepEqual(readdirSync(join(gitFolder.replace(/\/worktrees\/.*/, ""), "adept")), [], "nothing is left beside");
  return {
    snapshot,
    result,
    note: note && english(note),
    has: (path) => hasFile(folder, snapshot, path),
    show: (path) => git(folder, "cat-file", "blob", `${snapshot}:${path}`),
    skipped: Object.fromEntries(skipped.map(({ path, reason }) => [path, english(reason)])),
  };
}

/** Tests that a run's two commits in a repository in some state change no byte of the user's. */
export function inState(
  name: string,
  { prepare, init = [], where = ({ folder }) => folder, gitFolder = ({ folder }) => join(folder, ".git"), check }: Case,
): void {
  test(name, async () => {
    const place = newPlace();
    const { root, folder, write } = place;
    try {
      mkdirSync(join(folder, "sub dir"), { recursive: true });
      git(folder, "init", "-q", "--initial-branch=main", ...init);
      write("a.py", "one\n");
      write("sub dir/b.txt", "two\n");
      prepare(place);
      const committed = await commitRun(where(place), root, gitFolder(place));
      await check?.(committed, place);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
}

export const commitAll = (folder: string, message = "base"): void => {
  git(folder, "add", "-A");
  git(folder, ...NO_HOOKS, "commit", "-qm", message);
};
export const base = ({ folder, write }: Place): void => {
  commitAll(folder);
  write("a.py", "edited\n");
};
