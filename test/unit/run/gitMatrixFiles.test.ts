import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { env, git } from "./repository.ts";
import { inState, commitAll, base } from "./gitStates.ts";

inState("without Git LFS its changed files stay as in HEAD, with a note", {
  prepare: (place) => {
    place.write("model.bin", "version https://git-lfs.github.com/spec/v1\n");
    base(place);
    place.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    for (const [key, value] of [
      ["clean", "git-lfs-that-is-missing clean -- %f"],
      ["smudge", "git-lfs-that-is-missing smudge -- %f"],
      ["required", "true"],
    ] as const)
      git(place.folder, "config", `filter.lfs.${key}`, value);
    place.write("model.bin", "many bytes\n");
    place.write("new.bin", "more bytes\n");
    place.write("new.py", "new\n");
  },
  check: ({ show, has, skipped, note }) => {
    assert.deepEqual(
      [show("a.py"), show("new.py"), show("model.bin"), has("new.bin")],
      ["edited", "new", "version https://git-lfs.github.com/spec/v1", false],
    );
    assert.deepEqual(Object.keys(skipped).sort(), ["model.bin", "new.bin"]);
    assert.match(note ?? "", /model\.bin \(its filter lfs fails: is it installed\?\)/);
  },
});

inState("with Git LFS the commit has the pointer", {
  prepare: (place) => {
    commitAll(place.folder);
    place.write(".gitattributes", "*.bin filter=lfs -text\n");
    for (const [key, value] of [
      ["clean", "sed s/bytes/pointer/"],
      ["smudge", "cat"],
      ["required", "true"],
    ] as const)
      git(place.folder, "config", `filter.lfs.${key}`, value);
    place.write("model.bin", "many bytes\n");
  },
  check: ({ show, skipped }) => {
    assert.equal(show("model.bin"), "many pointer");
    assert.deepEqual(skipped, {});
  },
});

const ODD = [
  "-n",
  "--all",
  ":(top)x",
  "a\nb",
  "tab\there",
  'quo"te',
  "back\\slash",
  "*?[x]",
  " space ",
  "emoji 🎛️",
  "é composed",
  "é apart",
  "#x",
  "!x",
  "~",
  "$(x)",
  ".gitignore.txt",
  "x".repeat(200),
  "sub dir/:!y",
];

inState("unusual paths, tracked and untracked; one that is not UTF-8 is reported", {
  prepare: (place) => {
    for (const name of ODD) place.write(name, "tracked\n");
    place.write(Buffer.from([0x74, 0xff, 0x78]), "tracked\n");
    commitAll(place.folder);
    for (const name of ODD) {
      place.write(name, "edited\n");
      place.write(`${name}2`, "new\n");
    }
    place.write(Buffer.from([0x74, 0xff, 0x78]), "edited\n");
    place.write(Buffer.from([0x75, 0xff, 0x78]), "new\n");
  },
  check: ({ show, snapshot, skipped, has }, { folder }) => {
    for (const name of ODD) assert.deepEqual([name, show(name), show(`${name}2`)], [name, "edited", "new"]);
    assert.deepEqual(skipped, { "u\uFFFDx": "its name is not UTF-8" });
    assert.match(
      execFileSync("git", ["ls-tree", "--name-only", snapshot], { cwd: folder, env, encoding: "utf8" }),
      /^"t\\377x"$/m,
    );
    assert.equal(has("u"), false);
  },
});

inState(
  "an index with special entries: intent to add, skip-worktree, deleted, link, executable, a folder replacing a file",
  {
    prepare: (place) => {
      for (const name of ["kept", "assumed", "gone", "run.sh", "was file", "staged"]) place.write(name, "base\n");
      symlinkSync("a.py", join(place.folder, "link"));
      commitAll(place.folder);
      git(place.folder, "update-index", "--skip-worktree", "kept");
      git(place.folder, "update-index", "--assume-unchanged", "assumed");
      for (const name of ["kept", "assumed"]) place.write(name, "local\n");
      place.write("planned", "planned\n");
      git(place.folder, "add", "-N", "planned");
      git(place.folder, "rm", "-q", "--cached", "staged");
      for (const name of ["gone", "was file", "link"]) rmSync(join(place.folder, name));
      symlinkSync("gone", join(place.folder, "link"));
      chmodSync(join(place.folder, "run.sh"), 0o755);
      mkdirSync(join(place.folder, "was file"));
      place.write("was file/inner", "inner\n");
    },
    check: ({ show, has, snapshot }, { folder }) => {
      assert.deepEqual(
        [
          show("kept"),
          show("assumed"),
          show("planned"),
          show("staged"),
          show("link"),
          show("was file/inner"),
          has("gone"),
        ],
        ["base", "base", "planned", "base", "gone", "inner", false],
      );
      assert.match(git(folder, "ls-tree", snapshot, "run.sh"), /^100755/);
    },
  },
);

inState("line ends that git would refuse to convert", {
  prepare: (place) => {
    commitAll(place.folder);
    git(place.folder, "config", "core.autocrlf", "true");
    git(place.folder, "config", "core.safecrlf", "true");
    place.write("a.py", "one\nand\n");
    place.write("new.py", "lone\n");
  },
  check: ({ show }) => {
    assert.deepEqual([show("a.py"), show("new.py")], ["one\nand", "lone"]);
  },
});

inState("commit messages in another encoding, and other settings of the user", {
  prepare: (place) => {
    base(place);
    for (const [key, value] of [
      ["i18n.commitEncoding", "ISO-8859-1"],
      ["i18n.logOutputEncoding", "ISO-8859-1"],
      ["core.quotePath", "true"],
      ["color.ui", "always"],
      ["core.fsmonitor", "false-that-is-missing"],
      ["core.pager", "false"],
      ["log.showSignature", "true"],
    ] as const)
      git(place.folder, "config", key, value);
  },
});
