import assert from "node:assert/strict";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { UserError } from "../../../src/base/errors.ts";
import { GitRestore } from "../../../src/run/git/gitRestore.ts";
import { git, ID, inRepository, record } from "./repository.ts";

inRepository(
  "restore lists the differences, backs them up and writes the run's files; undo brings back the previous ones",
  async ({ folder, store, write, read, state }) => {
    write("new.txt", "untracked then\n");
    const { commit } = await store.snapshot(ID, record);
    const restore = new GitRestore(store);
    assert.deepEqual(await restore.differences(commit), []);
    write("a.py", "edited since\n");
    rmSync(join(folder, "sub dir/-ü:.txt"));
    write("new.txt", "edited too\n");
    write("later.txt", "not in the run\n");
    const before = state();
    assert.deepEqual(await restore.differences(commit), [
      { path: "a.py", status: "changed" },
      { path: "new.txt", status: "changed" },
      { path: "sub dir/-ü:.txt", status: "gone" },
    ]);
    writeFileSync(join(folder, ".git/index.lock"), "");
    const { backup, ref } = await restore.restore(commit, ["a.py", "sub dir/-ü:.txt"]);
    rmSync(join(folder, ".git/index.lock"));
    assert.deepEqual(
      [read("a.py"), read("sub dir/-ü:.txt"), read("new.txt"), read("later.txt")],
      ["one\n", "two\n", "edited too\n", "not in the run\n"],
      "those chosen, no others",
    );
    assert.deepEqual(state(), before, "index, HEAD and branches are as before");
    assert.equal(git(folder, "rev-parse", ref), backup);
    assert.equal(git(folder, "show", `${backup}:a.py`), "edited since");
    await restore.undo(backup);
    assert.deepEqual([read("a.py"), read("sub dir/-ü:.txt")], ["edited since\n", undefined]);
  },
);

inRepository(
  "the backup contains also files that a snapshot would leave out",
  async ({ folder, store, write, read }) => {
    write("data.log", "ignored, small\n");
    git(folder, "add", "-f", "data.log");
    const { commit } = await store.snapshot(ID, record);
    const restore = new GitRestore(store);
    git(folder, "rm", "-q", "--cached", "data.log");
    write("data.log", `ignored again ${"x".repeat(2 * 1024 * 1024)}`);
    const { backup } = await restore.restore(commit, ["data.log"]);
    assert.equal(read("data.log"), "ignored, small\n");
    await restore.undo(backup);
    assert.match(read("data.log") ?? "", /^ignored again/);
  },
);

/** Describes what is at a path. */
function at(path: string): string {
  const entry = lstatSync(path, { throwIfNoEntry: false });
  if (entry === undefined) return "nothing";
  if (entry.isSymbolicLink()) return `link to ${readlinkSync(path)}`;
  return entry.isDirectory()
    ? `folder of ${readdirSync(path).join()}`
    : `${(entry.mode & 0o777).toString(8)} ${readFileSync(path, "base64").slice(0, 400)} ${entry.size}`;
}

interface Case {
  /** Prepares the files of the run's commit. */
  had: (folder: string) => void;
  /** Changes the work tree afterwards. */
  now: (folder: string) => void;
  paths: string[];
  places: string[];
  restored: (folder: string) => void;
}

/** Tests that restore writes the run's files, and that undo brings back exactly what was there. */
function undone(name: string, { had, now, paths, places, restored }: Case): void {
  inRepository(name, async ({ folder, store }) => {
    had(folder);
    git(folder, "add", "-A", "-f");
    git(folder, "-c", "core.hooksPath=/dev/null", "commit", "-qm", "the run's");
    const { commit } = await store.snapshot(ID, record);
    const restore = new GitRestore(store);
    now(folder);
    const before = places.map((path) => at(join(folder, path)));
    const found = await restore.differences(commit);
    for (const path of paths)
      assert.ok(
        found.some((each) => each.path === path),
        path,
      );
    const { backup } = await restore.restore(commit, paths);
    restored(folder);
    await restore.undo(backup);
    assert.deepEqual(
      places.map((path) => at(join(folder, path))),
      before,
    );
  });
}

undone("a large file in the place of a folder is backed up and restored", {
  had: (folder) => {
    mkdirSync(join(folder, "out/deep"), { recursive: true });
    writeFileSync(join(folder, "out/deep/m.py"), "x\n");
  },
  now: (folder) => {
    rmSync(join(folder, "out"), { recursive: true });
    writeFileSync(join(folder, "out"), "Z".repeat(2 * 1024 * 1024), { mode: 0o600 });
  },
  paths: ["out/deep/m.py"],
  places: ["out"],
  restored: (folder) => {
    assert.equal(readFileSync(join(folder, "out/deep/m.py"), "utf8"), "x\n");
  },
});

undone("a symbolic link in the place of a folder is backed up, and its target is not written to", {
  had: (folder) => {
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "data/t.csv"), "x\n");
  },
  now: (folder) => {
    rmSync(join(folder, "data"), { recursive: true });
    mkdirSync(join(folder, "../elsewhere"));
    writeFileSync(join(folder, "../elsewhere/t.csv"), "precious\n");
    symlinkSync("../elsewhere", join(folder, "data"));
    writeFileSync(join(folder, ".gitignore"), "data\n");
  },
  paths: ["data/t.csv"],
  places: ["data", "../elsewhere", "../elsewhere/t.csv"],
  restored: (folder) => {
    assert.equal(readFileSync(join(folder, "data/t.csv"), "utf8"), "x\n");
    assert.equal(readFileSync(join(folder, "../elsewhere/t.csv"), "utf8"), "precious\n");
  },
});

undone("a dangling link in the place of a file is backed up", {
  had: (folder) => {
    writeFileSync(join(folder, "data.csv"), "x\n");
  },
  now: (folder) => {
    rmSync(join(folder, "data.csv"));
    git(folder, "rm", "-q", "--cached", "data.csv");
    symlinkSync("/mnt/unmounted/data.csv", join(folder, "data.csv"));
    writeFileSync(join(folder, ".gitignore"), "data.csv\n");
  },
  paths: ["data.csv"],
  places: ["data.csv"],
  restored: (folder) => {
    assert.equal(at(join(folder, "data.csv")).startsWith("link"), false);
  },
});

undone("content, permissions and links are restored exactly, whatever the repository does to line ends", {
  had: (folder) => {
    writeFileSync(join(folder, "bin"), Buffer.from([0, 255, 13, 10]));
    writeFileSync(join(folder, "x.sh"), "#!/bin/sh\n", { mode: 0o755 });
    symlinkSync("a.py", join(folder, "l"));
    writeFileSync(join(folder, ".gitattributes"), "*.txt text eol=lf\n");
    writeFileSync(join(folder, "w.txt"), "one\ntwo\n");
  },
  now: (folder) => {
    writeFileSync(join(folder, "bin"), Buffer.from([1, 200, 13, 10]));
    chmodSync(join(folder, "x.sh"), 0o640);
    rmSync(join(folder, "l"));
    writeFileSync(join(folder, "l"), "plain\n");
    writeFileSync(join(folder, "w.txt"), "one\r\nthree\r\n");
  },
  paths: ["bin", "x.sh", "l", "w.txt"],
  places: ["bin", "x.sh", "l", "w.txt"],
  restored: (folder) => {
    assert.equal(readlinkSync(join(folder, "l")), "a.py");
    assert.equal(lstatSync(join(folder, "x.sh")).mode & 0o100, 0o100);
    assert.equal(readFileSync(join(folder, "w.txt"), "utf8"), "one\ntwo\n");
  },
});

undone("undo deletes the folders that restoring created, and no others", {
  had: (folder) => {
    mkdirSync(join(folder, "one/two"), { recursive: true });
    writeFileSync(join(folder, "one/two/x"), "x\n");
    mkdirSync(join(folder, "kept"));
    writeFileSync(join(folder, "kept/y"), "y\n");
  },
  now: (folder) => {
    rmSync(join(folder, "one"), { recursive: true });
    rmSync(join(folder, "kept/y"));
  },
  paths: ["one/two/x", "kept/y"],
  places: ["one", "kept", "kept/y"],
  restored: (folder) => {
    assert.equal(at(join(folder, "one/two")), "folder of x");
  },
});

inRepository(
  "a folder in the place of a run's file is named and left alone, and nothing else is written",
  async ({ folder, store, write, read }) => {
    write("out", "x\n");
    const { commit } = await store.snapshot(ID, record);
    const restore = new GitRestore(store);
    rmSync(join(folder, "out"));
    mkdirSync(join(folder, "out"));
    write("out/big", "Z");
    write("a.py", "edited\n");
    await assert.rejects(
      restore.restore(commit, ["a.py", "out"]),
      (error) => error instanceof UserError && /\bout\b/.test(error.message),
    );
    assert.deepEqual([read("a.py"), read("out/big")], ["edited\n", "Z"]);
    assert.equal(git(folder, "for-each-ref", "refs/adept/backup"), "");
  },
);

inRepository("undo leaves alone what stands in its way since, and names it", async ({ folder, store, write, read }) => {
  mkdirSync(join(folder, "out"));
  write("out/m.py", "x\n");
  const { commit } = await store.snapshot(ID, record);
  const restore = new GitRestore(store);
  rmSync(join(folder, "out"), { recursive: true });
  write("out", "a file\n");
  const { backup, ref } = await restore.restore(commit, ["out/m.py"]);
  write("out/mine.py", "new\n");
  assert.equal(await restore.backupAt(ref), backup);
  await assert.rejects(
    restore.undo(backup),
    (error) =>
      error instanceof UserError &&
      /out could not be put back/.test(error.message) &&
      error.action?.includes(backup) === true,
  );
  assert.equal(read("out/mine.py"), "new\n");
  await assert.rejects(restore.undo(commit), /no backup/);
});

inRepository("a submodule cannot be restored", async ({ folder, store, write }) => {
  const inner = join(folder, "../inner");
  mkdirSync(inner);
  git(inner, "init", "-q");
  git(inner, "commit", "-q", "--allow-empty", "-m", "1");
  git(
    folder,
    "-c",
    "protocol.file.allow=always",
    "-c",
    "core.hooksPath=/dev/null",
    "submodule",
    "add",
    "-q",
    inner,
    "sm",
  );
  const { commit } = await store.snapshot(ID, record);
  git(join(folder, "sm"), "commit", "-q", "--allow-empty", "-m", "2");
  write("a.py", "edited\n");
  assert.deepEqual(
    (await new GitRestore(store).differences(commit)).map(({ path }) => path),
    ["a.py"],
  );
});
