import { looksSecret } from "./gitSnapshot.ts";
import type { GitStore } from "./gitStore.ts";

/** A file that a push would send. */
export interface PushedFile {
  path: string;
  bytes: number;
  /** Whether its name suggests that it holds a secret. */
  secret: boolean;
  /** Whether the user's own commits contain it, so that it is there on purpose. */
  tracked: boolean;
}
/** What a push would send. */
export interface PushPreview {
  /** How many commits. */
  commits: number;
  /** The files that no branch of the remote has yet, the largest first. */
  files: PushedFile[];
  /** The sum of their sizes. */
  bytes: number;
}

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

/** Lists what pushing refs would send, going by the last known state of the remote's branches. */
export async function pushPreview({ git }: GitStore, remote: string, refs: readonly string[]): Promise<PushPreview> {
  const fresh = ["--not", `--remotes=${remote}`, "--not"];
  const commits = lines(await git.run(["rev-list", ...fresh, "--end-of-options", ...refs]));
  // With an empty input, git would wait for standard input.
  if (commits.length === 0) return { commits: 0, files: [], bytes: 0 };
  const objects = new Set(
    lines(await git.run(["rev-list", "--objects", ...fresh, "--end-of-options", ...refs])).map(
      (line) => line.split(" ")[0]!,
    ),
  );
  const head = (await git.lineOrUndefined(["rev-parse", "--verify", "-q", "HEAD"])) || undefined;
  const own = new Set(head === undefined ? [] : lines(await git.run(["rev-list", ...fresh, "--end-of-options", head])));
  const kept = new Set(
    head === undefined
      ? []
      : (await git.run(["ls-tree", "-r", "-z", "--name-only", "--end-of-options", head])).split("\0"),
  );
  const files = new Map<string, { object: string; path: string; tracked: boolean }>();
  for (const { commit, object, path } of added(
    await git.runWithInput(
      ["diff-tree", "--stdin", "-r", "-m", "--root", "-z", "--raw", "--no-renames", "--no-abbrev"],
      commits.map((each) => `${each}\n`).join(""),
    ),
  )) {
    const key = `${object} ${path}`;
    if (objects.has(object))
      files.set(key, { object, path, tracked: files.get(key)?.tracked === true || own.has(commit) || kept.has(path) });
  }
  const sizes =
    files.size === 0
      ? new Map<string, string>()
      : new Map(
          lines(
            await git.runWithInput(
              ["cat-file", "--batch-check=%(objectname) %(objectsize)"],
              [...files.values()].map(({ object }) => `${object}\n`).join(""),
            ),
          ).map((line) => line.split(" ") as [string, string]),
        );
  const sorted = [...files.values()]
    .map(({ object, path, tracked }) => ({
      path,
      bytes: Number(sizes.get(object)) || 0,
      secret: looksSecret(path),
      tracked,
    }))
    .sort((a, b) => b.bytes - a.bytes);
  return { commits: commits.length, files: sorted, bytes: sorted.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** Parses the output of diff-tree: the files that commits add or change. */
function* added(text: string): Generator<{ commit: string; object: string; path: string }> {
  const parts = text.split("\0");
  let commit = "";
  for (let at = 0; at < parts.length; at++) {
    const part = parts[at]!;
    if (!part.startsWith(":")) {
      commit = part.split(" ")[0]!;
      continue;
    }
    const [, mode, , object = "", letter] = part.split(" ");
    const path = parts[++at]!;
    if (letter !== "D" && mode !== "160000") yield { commit, object, path };
  }
}
