import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { UserError } from "../../../src/base/errors.ts";
import { fileName } from "../../../src/base/files/fileName.ts";
import { writeFolderAtomic } from "../../../src/base/files/atomicFolder.ts";

const parent = mkdtempSync(join(tmpdir(), "adept-finished-"));
after(() => {
  rmSync(parent, { recursive: true, force: true });
});
const obstacle = (
  target: string,
  force: boolean,
  words: RegExp,
  fill = (): void => {
    /* nothing */
  },
): void => {
  assert.throws(
    () => {
      writeFolderAtomic(target, force, fill);
    },
    (error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(error.message, words);
      assert.ok(error.action !== undefined);
      return true;
    },
  );
};

test("a finished folder is open to whom any new folder is", () => {
  mkdirSync(join(parent, "plain"));
  writeFolderAtomic(join(parent, "deep/er/out"), false, (folder) => {
    writeFileSync(join(folder, "a"), "");
  });
  assert.equal(statSync(join(parent, "deep/er/out")).mode, statSync(join(parent, "plain")).mode);
});

test("a file in its place, a file among its parents and a name that is too long are told as the user's to mend", () => {
  const file = join(parent, "file");
  writeFileSync(file, "mine");
  for (const force of [false, true]) obstacle(file, force, /file is a file/);
  obstacle(join(file, "out"), false, /cannot be written: E(NOTDIR|EXIST)/);
  obstacle(join(parent, "名".repeat(100)), false, /cannot be written: ENAMETOOLONG/);
  assert.equal(statSync(file).size, 4);
  assert.throws(() => {
    writeFolderAtomic(join(parent, "bug"), false, () => {
      throw new TypeError("a bug");
    });
  }, TypeError);
  assert.equal(existsSync(join(parent, "bug")), false);
  assert.deepEqual(
    readdirSync(parent).filter((name) => name.startsWith(".adept-new")),
    [],
  );
});

test("what a killed process has left beside it goes with the next, a day later; what another is filling stays", () => {
  const place = join(parent, "left");
  const [old, young, other] = [".adept-new-0123abcd", ".adept-new-4567cdef", ".adept-newer"].map((name) =>
    join(place, name),
  ) as [string, string, string];
  const past = new Date(Date.now() - 25 * 3600 * 1000);
  for (const path of [old, young, other]) mkdirSync(path, { recursive: true });
  for (const path of [old, other]) utimesSync(path, past, past);
  writeFolderAtomic(join(place, "out"), false, (folder) => {
    writeFileSync(join(folder, "x"), "x");
  });
  assert.deepEqual(
    [old, young, other].map((path) => existsSync(path)),
    [false, true, true],
  );
});

/** Root may write everywhere: what is closed is looked at as somebody else, whose number no account needs to have. */
function asAnybody(work: () => void): void {
  if (process.getuid?.() !== 0) {
    work();
    return;
  }
  process.seteuid!(65_534);
  try {
    work();
  } finally {
    process.seteuid!(0);
  }
}

test(
  "a folder that may not be written to is told so",
  { skip: process.platform === "win32" ? "no modes" : false },
  () => {
    const closed = join(parent, "closed");
    mkdirSync(closed);
    chmodSync(parent, 0o755);
    chmodSync(closed, 0o555);
    asAnybody(() => {
      obstacle(join(closed, "out"), false, /cannot be written: EACCES/);
    });
  },
);

test("a name becomes a part of a path that every file system takes", () => {
  assert.equal(fileName("a / b: c?"), "a-b-c");
  assert.equal(fileName("../..\\x"), "x");
  assert.equal(fileName("???"), "");
  assert.equal(fileName("名".repeat(90)), "名".repeat(33));
  for (const name of ["n".repeat(300), "é".repeat(300), "𝒳".repeat(300), `${"a".repeat(99)}. b`]) {
    const own = fileName(name);
    assert.ok(Buffer.byteLength(own) <= 100 && own.length > 20 && own.isWellFormed() && !/[-.]$/.test(own), own);
  }
});
