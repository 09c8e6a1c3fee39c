import { looksSecret } from "./gitSnapshot.ts";
import type { GitStore } from "./gitStore.ts";

/**
 * `secret`: its name is one of files that often hold secrets; `tracked`: the user's own commits have it, so that it is
 * there on purpose.
 */
export interface PushedFile {
  path: string;
  bytes: number;
  secret: boolean;
  tracked: boolean;
}
/** What a push would send: files that no remote branch has yet, the largest first. */
export interface PushPreview {
  commits: number;
  files: PushedFile[];
  bytes: number;
}

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

/** What leaves when refs are pushed, by what the remote's branches are known to have. */
export async function pushPreview({ git }: GitStore, remote: string, refs: readonly string[]): Promise<PushPreview> {
  const fresh = ["--not", `--remotes=${remote}`, "--not"];
  const commits = lines(await git.run(["rev-list", ...fresh, "--end-of-options", ...refs]));
  // Asked of nothing, git would wait for its input.
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

/** The files that commits brought in, out of what diff-tree says of them. */
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
