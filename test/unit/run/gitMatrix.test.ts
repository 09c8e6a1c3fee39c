import assert from "node:assert/strict";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { UserError } from "../../../src/base/errors.ts";
import { english } from "../../../src/base/phrase.ts";
import { GitStore, openGitStore } from "../../../src/run/git/gitStore.ts";
import { git, ID } from "./repository.ts";
import { wholeState } from "./wholeState.ts";
import { record, inState, commitAll, base, type Place } from "./gitStates.ts";

inState("an unborn HEAD", {
  prepare: () => undefined,
  check: ({ snapshot, show }, { folder }) => {
    assert.equal(show("a.py"), "one");
    assert.equal(git(folder, "log", "--format=%P", "-1", snapshot), "");
  },
});

inState("a detached HEAD", {
  prepare: (place) => {
    base(place);
    git(place.folder, "checkout", "-q", "--detach");
  },
  check: ({ show }) => {
    assert.equal(show("a.py"), "edited");
  },
});

inState("a linked work tree", {
  prepare: (place) => {
    base(place);
    git(place.folder, "worktree", "add", "-q", "-b", "side", join(place.root, "linked"));
    writeFileSync(join(place.root, "linked/a.py"), "of the side\n");
  },
  where: ({ root }) => join(root, "linked"),
  check: ({ show }) => {
    assert.equal(show("a.py"), "of the side");
  },
});

function withSubmodule(place: Place): void {
  const inner = join(place.root, "inner");
  mkdirSync(inner);
  git(inner, "init", "-q", "--initial-branch=main");
  writeFileSync(join(inner, "lib.py"), "x = 1\n");
  commitAll(inner);
  git(place.folder, "-c", "protocol.file.allow=always", "submodule", "add", "-q", inner, "sub");
  commitAll(place.folder);
  place.write("sub/lib.py", "x = 2\n");
  place.write("sub/new.py", "untracked\n");
}

inState("a submodule with changes of its own", {
  prepare: withSubmodule,
  check: ({ snapshot, has }, { folder }) => {
    assert.match(git(folder, "ls-tree", snapshot, "sub"), /^160000 commit/);
    assert.equal(has("sub/lib.py"), false);
  },
});

inState("a run inside a submodule", {
  prepare: withSubmodule,
  where: ({ folder }) => join(folder, "sub"),
  gitFolder: ({ folder }) => join(folder, ".git/modules/sub"),
  check: ({ show }) => {
    assert.deepEqual([show("lib.py"), show("new.py")], ["x = 2", "untracked"]);
  },
});

inState("a sparse checkout: the commit contains also what is not checked out", {
  prepare: (place) => {
    mkdirSync(join(place.folder, "far"));
    place.write("far/c.txt", "three\n");
    commitAll(place.folder);
    git(place.folder, "sparse-checkout", "set", "sub dir");
    place.write("sub dir/b.txt", "edited\n");
  },
  check: ({ show }, { folder }) => {
    assert.equal(existsSync(join(folder, "far/c.txt")), false);
    assert.deepEqual([show("far/c.txt"), show("sub dir/b.txt")], ["three", "edited"]);
  },
});

inState("a split index gets no further shared file", {
  prepare: (place) => {
    commitAll(place.folder);
    git(place.folder, "update-index", "--split-index");
    place.write("a.py", "edited\n");
  },
  check: ({ show }) => {
    assert.equal(show("a.py"), "edited");
  },
});

inState("a change that keeps the size, within the second in which the index was written", {
  prepare: (place) => {
    commitAll(place.folder);
    place.write("a.py", "two\n");
  },
  check: ({ show }) => {
    assert.equal(show("a.py"), "two");
  },
});

inState("an index of version 4 with an untracked cache", {
  prepare: (place) => {
    base(place);
    git(place.folder, "update-index", "--index-version", "4", "--untracked-cache");
    place.write("new.py", "new\n");
  },
  check: ({ show }) => {
    assert.equal(show("new.py"), "new");
  },
});

function diverged({ folder, write }: Place): void {
  commitAll(folder);
  git(folder, "checkout", "-qb", "other");
  write("a.py", "theirs\n");
  commitAll(folder, "theirs");
  git(folder, "checkout", "-q", "main");
  write("a.py", "ours\n");
  commitAll(folder, "ours");
}

for (const [name, ...how] of [
  ["a merge in progress", "merge", "other"],
  ["a rebase in progress", "rebase", "other"],
  ["a cherry-pick in progress", "cherry-pick", "other"],
] as [string, ...string[]][]) {
  inState(name, {
    prepare: (place) => {
      diverged(place);
      assert.throws(() => git(place.folder, ...how));
    },
    check: ({ show, note }) => {
      assert.match(show("a.py"), /<<<<<<</);
      assert.match(note ?? "", /during a merge/);
    },
  });
}

const HOOKS = [
  "applypatch-msg",
  "pre-applypatch",
  "post-applypatch",
  "pre-commit",
  "pre-merge-commit",
  "prepare-commit-msg",
  "commit-msg",
  "post-commit",
  "pre-rebase",
  "post-checkout",
  "post-merge",
  "pre-push",
  "pre-auto-gc",
  "post-rewrite",
  "reference-transaction",
  "post-index-change",
  "fsmonitor-watchman",
];

inState("hooks that all fail are not run", {
  prepare: (place) => {
    base(place);
    for (const hook of HOOKS) {
      const path = join(place.folder, ".git/hooks", hook);
      writeFileSync(path, `#!/bin/sh\necho ${hook} >> "${place.root}/ran"\nexit 1\n`);
      chmodSync(path, 0o755);
    }
  },
  check: ({ show }, { root }) => {
    assert.equal(show("a.py"), "edited");
    assert.equal(existsSync(join(root, "ran")) ? readFileSync(join(root, "ran"), "utf8") : "", "");
  },
});

inState("signing that is impossible", {
  prepare: (place) => {
    base(place);
    for (const [key, value] of [
      ["commit.gpgsign", "true"],
      ["gpg.program", "false"],
      ["user.signingkey", "nobody"],
    ] as const)
      git(place.folder, "config", key, value);
  },
  check: ({ result }, { folder }) => {
    assert.doesNotMatch(git(folder, "cat-file", "commit", result), /gpgsig/);
  },
});

test("without an identity the commit is by ADePT Lab, with a note", async () => {
  const folder = mkdtempSync(join(tmpdir(), "adept-anonymous-"));
  const home = { HOME: process.env["HOME"], XDG_CONFIG_HOME: process.env["XDG_CONFIG_HOME"] };
  try {
    git(folder, "init", "-q");
    git(folder, "config", "user.useConfigOnly", "true");
    Object.assign(process.env, { HOME: folder, XDG_CONFIG_HOME: folder });
    writeFileSync(join(folder, "a.py"), "one\n");
    const before = wholeState(folder);
    const store = await openGitStore(folder);
    assert.ok(store instanceof GitStore);
    const { commit, note } = await store.snapshot(ID, record);
    assert.deepEqual(
      [git(folder, "log", "-1", "--format=%an %cn", commit), english(note ?? "")],
      ["ADePT Lab ADePT Lab", "git knows no name and e-mail: the commit is by ADePT Lab"],
    );
    assert.deepEqual(wholeState(folder), before);
  } finally {
    for (const [name, value] of Object.entries(home))
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    rmSync(folder, { recursive: true, force: true });
  }
});

inState("an index.lock that another process holds", {
  prepare: (place) => {
    base(place);
    place.write(".git/index.lock", "");
    place.write("new.py", "new\n");
  },
  check: ({ show }) => {
    assert.deepEqual([show("a.py"), show("new.py")], ["edited", "new"]);
  },
});

inState("a SHA-256 repository", {
  init: ["--object-format=sha256"],
  prepare: base,
  check: ({ result, show }) => {
    assert.match(result, /^[0-9a-f]{64}$/);
    assert.equal(show("a.py"), "edited");
  },
});

inState("a shallow clone", {
  prepare: ({ root, folder, write }) => {
    commitAll(folder);
    write("a.py", "second\n");
    commitAll(folder, "second");
    git(root, "clone", "-q", "--depth", "1", `file://${folder}`, join(root, "shallow"));
    writeFileSync(join(root, "shallow/a.py"), "edited\n");
  },
  where: ({ root }) => join(root, "shallow"),
  gitFolder: ({ root }) => join(root, "shallow/.git"),
  check: ({ show }) => {
    assert.equal(show("a.py"), "edited");
  },
});

test("environment variables that point git elsewhere are ignored", async () => {
  const root = mkdtempSync(join(tmpdir(), "adept-env-"));
  const [own, other] = ["own", "other"].map((name) => {
    const folder = join(root, name);
    mkdirSync(folder);
    git(folder, "init", "-q");
    writeFileSync(join(folder, "a.py"), `${name}\n`);
    commitAll(folder);
    return folder;
  }) as [string, string];
  const kept = { ...process.env };
  try {
    Object.assign(process.env, {
      GIT_DIR: join(other, ".git"),
      GIT_WORK_TREE: other,
      GIT_INDEX_FILE: join(other, ".git/index"),
      GIT_EDITOR: "false",
    });
    const before = wholeState(other);
    const store = await openGitStore(own);
    assert.ok(store instanceof GitStore);
    const { commit } = await store.snapshot(ID, record);
    assert.equal(git(own, "cat-file", "blob", `${commit}:a.py`), "own");
    assert.deepEqual(wholeState(other), before);
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in kept)) delete process.env[name];
    rmSync(root, { recursive: true, force: true });
  }
});

test("for a bare repository, and one of another owner, a reason is given", async (t) => {
  const root = mkdtempSync(join(tmpdir(), "adept-bare-"));
  try {
    git(root, "init", "-q", "--bare", "bare.git");
    assert.match(
      ((await openGitStore(join(root, "bare.git"))) as { reason: UserError }).reason.message,
      /no work tree/,
    );
    if (process.getuid?.() !== 0) {
      t.diagnostic("not root: nobody else's repository could be made");
      return;
    }
    git(root, "init", "-q", "theirs");
    for (const path of ["theirs", "theirs/.git"]) chownSync(join(root, path), 65534, 65534);
    assert.match(
      ((await openGitStore(join(root, "theirs"))) as { reason: UserError }).reason.message,
      /dubious ownership[^]*safe\.directory/,
    );
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
