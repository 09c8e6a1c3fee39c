import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { UserError } from "../../../src/base/errors.ts";
import { english } from "../../../src/base/phrase.ts";
import { foldEvents } from "../../../src/record/foldEvents.ts";
import { GitStore, openGitStore } from "../../../src/run/git/gitStore.ts";

const ID = "20260314-101522-k3f9";
const record = { ...foldEvents([]), id: ID, name: "first\nrun <b>" };
const env = {
  PATH: process.env["PATH"],
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "a",
  GIT_AUTHOR_EMAIL: "a@b",
  GIT_COMMITTER_NAME: "a",
  GIT_COMMITTER_EMAIL: "a@b",
};
const git = (folder: string, ...args: string[]): string =>
  execFileSync("git", args, { cwd: folder, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();

interface Repository {
  folder: string;
  state: () => unknown;
  store: () => Promise<GitStore>;
}

function inRepository(name: string, work: (repository: Repository) => Promise<void>): void {
  test(name, async () => {
    const folder = join(mkdtempSync(join(tmpdir(), "adept git ")), "répo");
    mkdirSync(folder);
    git(folder, "init", "-q");
    writeFileSync(join(folder, "tracked.txt"), "one\n");
    const index = join(folder, ".git/index");
    const state = () => ({
      index: existsSync(index) ? createHash("sha256").update(readFileSync(index)).digest("hex") : "",
      time: existsSync(index) ? statSync(index).mtimeMs : 0,
      head: readFileSync(join(folder, ".git/HEAD"), "utf8"),
      status: execFileSync("git", ["--no-optional-locks", "status", "--porcelain"], {
        cwd: folder,
        env,
        encoding: "utf8",
      }),
      file: readFileSync(join(folder, "tracked.txt"), "utf8"),
    });
    const store = async (): Promise<GitStore> => {
      const opened = await openGitStore(folder);
      assert.ok(opened instanceof GitStore, JSON.stringify(opened));
      return opened;
    };
    try {
      await work({ folder, state, store });
    } finally {
      rmSync(join(folder, ".."), { recursive: true, force: true });
    }
  });
}

function commitAll(folder: string): void {
  git(folder, "add", "-A");
  git(folder, "commit", "-qm", "base");
}

inRepository(
  "a run's two commits hold code and result; HEAD, index, status and files do not change",
  async ({ folder, state, store }) => {
    commitAll(folder);
    writeFileSync(join(folder, "tracked.txt"), "changed\n");
    writeFileSync(join(folder, "-new file:ü.txt"), "untracked\n");
    writeFileSync(join(folder, ".env"), "SECRET=1\n");
    writeFileSync(join(folder, "big.bin"), Buffer.alloc(2 * 1024 * 1024));
    const before = state();
    const opened = await store();
    const snapshot = await opened.snapshot(ID, record);
    writeFileSync(join(folder, "..", "result.json"), "{}");
    const result = await opened.result(ID, { ...record, status: "finished" }, [
      { path: "analysis/x.json", source: join(folder, "..", "result.json") },
    ]);
    assert.deepEqual(state(), before);
    assert.equal(git(folder, "rev-parse", `refs/adept/runs/${ID}`), result.commit);
    assert.equal(git(folder, "rev-parse", `${result.commit}^`), snapshot.commit);
    assert.equal(git(folder, "rev-parse", `${snapshot.commit}^`), git(folder, "rev-parse", "HEAD"));
    assert.equal(git(folder, "show", `${result.commit}:tracked.txt`), "changed");
    assert.equal(git(folder, "show", `${result.commit}:-new file:ü.txt`), "untracked");
    assert.equal(git(folder, "show", `${result.commit}:adept-results/${ID}/analysis/x.json`), "{}");
    assert.deepEqual(snapshot.skipped.map((s) => s.path).sort(), [".env", "big.bin"]);
    assert.throws(() => git(folder, "show", `${result.commit}:.env`));
    const [listed] = await opened.list();
    assert.deepEqual(
      [listed?.id, listed?.commit, (listed?.record as { status: string }).status],
      [ID, result.commit, "finished"],
    );
  },
);

inRepository(
  "an unborn HEAD, a lock of another process, signing and failing hooks do not matter",
  async ({ folder, state, store }) => {
    git(folder, "config", "commit.gpgsign", "true");
    git(folder, "config", "gpg.program", "false");
    for (const hook of ["pre-commit", "commit-msg", "post-commit"])
      writeFileSync(join(folder, ".git/hooks", hook), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    writeFileSync(join(folder, ".git/index.lock"), "");
    const before = state();
    const { commit } = await (await store()).snapshot(ID, record);
    assert.deepEqual(state(), before);
    assert.equal(git(folder, "show", `${commit}:tracked.txt`), "one");
    assert.throws(() => git(folder, "rev-parse", "--verify", "-q", `${commit}^`));
  },
);

inRepository(
  "in a repository without an identity the commit is by ADePT Lab, with a note",
  async ({ folder, store }) => {
    git(folder, "config", "user.useConfigOnly", "true");
    const home = process.env["HOME"];
    const xdg = process.env["XDG_CONFIG_HOME"];
    process.env["HOME"] = join(folder, "nowhere");
    process.env["XDG_CONFIG_HOME"] = join(folder, "nowhere");
    try {
      const { commit, note } = await (await store()).snapshot(ID, record);
      assert.match(git(folder, "log", "-1", "--format=%an", commit), /ADePT Lab/);
      assert.match(english(note ?? ""), /no name/);
    } finally {
      process.env["HOME"] = home;
      if (xdg === undefined) delete process.env["XDG_CONFIG_HOME"];
      else process.env["XDG_CONFIG_HOME"] = xdg;
    }
  },
);

inRepository(
  "eight concurrent runs are all committed, and a second snapshot of one run is refused",
  async ({ folder, state, store }) => {
    commitAll(folder);
    const before = state();
    const ids = Array.from({ length: 8 }, (_, i) => `20260314-10152${i}-aaaa`);
    await Promise.all(ids.map(async (id) => (await store()).snapshot(id, { ...record, id })));
    assert.deepEqual((await (await store()).list()).map((run) => run.id).sort(), ids);
    assert.deepEqual(state(), before);
    await assert.rejects(async () => (await store()).snapshot(ids[0]!, record));
  },
);

inRepository("a snapshot during a merge contains the merge, with a note", async ({ folder, state, store }) => {
  commitAll(folder);
  git(folder, "checkout", "-qb", "other");
  writeFileSync(join(folder, "tracked.txt"), "theirs\n");
  git(folder, "commit", "-qam", "theirs");
  git(folder, "checkout", "-q", "-");
  writeFileSync(join(folder, "tracked.txt"), "ours\n");
  git(folder, "commit", "-qam", "ours");
  assert.throws(() => git(folder, "merge", "other"));
  const before = state();
  const { commit, note } = await (await store()).snapshot(ID, record);
  assert.deepEqual(state(), before);
  assert.match(git(folder, "show", `${commit}:tracked.txt`), /<<<<<<</);
  assert.match(english(note ?? ""), /merge/);
});

test("without a repository there is a reason instead of an error", async () => {
  const folder = mkdtempSync(join(tmpdir(), "adept-none-"));
  try {
    assert.match(((await openGitStore(folder)) as { reason: UserError }).reason.message, /not in a git repository/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

inRepository(
  "a detached HEAD, a linked work tree and a submodule are committed as they are, and do not change",
  async ({ folder, state, store }) => {
    commitAll(folder);
    const inner = join(folder, "../inner");
    const linked = join(folder, "../linked tree");
    mkdirSync(inner);
    git(inner, "init", "-q");
    writeFileSync(join(inner, "lib.py"), "x = 1\n");
    commitAll(inner);
    git(folder, "-c", "protocol.file.allow=always", "submodule", "add", "-q", inner, "sub");
    git(folder, "commit", "-qm", "with a submodule");
    writeFileSync(join(folder, "sub/lib.py"), "x = 2\n");
    git(folder, "checkout", "-q", "--detach");
    const before = state();
    const { commit } = await (await store()).snapshot(ID, record);
    assert.deepEqual(state(), before);
    assert.match(
      git(folder, "ls-tree", commit, "sub"),
      new RegExp(`^160000 commit ${git(inner, "rev-parse", "HEAD")}`),
      "the submodule is a link to its commit",
    );
    assert.equal(readFileSync(join(folder, "sub/lib.py"), "utf8"), "x = 2\n");
    git(folder, "worktree", "add", "-q", "-b", "side", linked);
    writeFileSync(join(linked, "tracked.txt"), "of the linked tree\n");
    const there = await openGitStore(linked);
    assert.ok(there instanceof GitStore);
    const other = await there.snapshot(ID.replace("k3f9", "tree"), { ...record, id: ID.replace("k3f9", "tree") });
    assert.equal(git(folder, "show", `${other.commit}:tracked.txt`), "of the linked tree");
    assert.equal(
      git(folder, "rev-parse", `refs/adept/runs/${ID.replace("k3f9", "tree")}`),
      other.commit,
      "one store for all work trees",
    );
    assert.equal(git(linked, "diff", "--cached", "--name-only"), "");
  },
);

inRepository(
  "every object and ref of a run is fsynced, so that what its journal names survives a power failure",
  async ({ folder, store }) => {
    commitAll(folder);
    writeFileSync(join(folder, "tracked.txt"), "changed\n");
    const objects = (): number => Number(/^count: (\d+)/m.exec(git(folder, "count-objects", "-v"))?.[1]);
    const home = join(folder, "../home");
    const trace = join(home, "trace");
    const before = objects();
    const { HOME } = process.env;
    mkdirSync(home);
    // git reports each fsync there. The store sets its own environment, so that a variable would not reach it.
    writeFileSync(join(home, ".gitconfig"), `[trace2]\n\teventTarget = "${trace}"\n`);
    process.env["HOME"] = home;
    try {
      await (await store()).snapshot(ID, record);
    } finally {
      if (HOME === undefined) delete process.env["HOME"];
      else process.env["HOME"] = HOME;
    }
    const synced = [...readFileSync(trace, "utf8").matchAll(/"key":"fsync\/hardware-flush","value":"(\d+)"/g)].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );
    const made = objects() - before;
    assert.equal(made, 3, "a file, a tree, a commit");
    assert.ok(synced >= made + 1, `${synced} synced of ${made} objects and a ref`);
  },
);

inRepository("files deleted between listing and adding them do not affect other files", async ({ folder, store }) => {
  commitAll(folder);
  for (const name of ["kept.txt", "gone.txt", "gone too.txt"]) writeFileSync(join(folder, name), name);
  const opened = await store();
  const run = opened.git.run.bind(opened.git);
  opened.git.run = async (args, extra) => {
    // The first attempt to add finds one file deleted, the second the other.
    const next = ["gone.txt", "gone too.txt"].find((name) => existsSync(join(folder, name)));
    if (args.some((each) => each.startsWith("--pathspec-from-file")) && next !== undefined) rmSync(join(folder, next));
    return run(args, extra);
  };
  const { commit } = await opened.snapshot(ID, record);
  assert.deepEqual(git(folder, "ls-tree", "-r", "--name-only", commit).split("\n"), ["kept.txt", "tracked.txt"]);
});
