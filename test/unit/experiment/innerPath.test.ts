import assert from "node:assert/strict";
import { test } from "node:test";
import { InnerPath } from "../../../src/base/identifiers.ts";
import { pathInRepository } from "../../../src/run/inputs/inputPlaces.ts";

const is = (path: string): boolean => InnerPath.safeParse(path).success;

test("a path inside a repository leads neither out of it nor into what is git's own, by any name a file system knows it under", () => {
  for (const path of ["data/train.jsonl", "a", "a b/.gitignore", ".github/x", "git/x", "x.git/y", ".gitx"])
    assert.ok(is(path), path);
  for (const path of [
    "",
    "/etc/passwd",
    "a//b",
    "a/../b",
    "..",
    "a/.",
    "C:/x",
    "a\\..\\b",
    ".git/hooks/post-commit",
    "sub/.git",
    "a\\.GIT\\config",
    ".git./config",
    ".git /config",
    "GIT~1/hooks/x",
  ])
    assert.ok(!is(path), path);
});

test("a file of a folder lies where the folder lies, and nothing else does", () => {
  const sources = { "/p/data": "in/data", "/p/file.csv": "file.csv" };
  assert.equal(pathInRepository(sources, "/p/file.csv"), "file.csv");
  assert.equal(pathInRepository(sources, "/p/data/train.csv"), "in/data/train.csv");
  for (const path of [
    "/p/data/..",
    "/p/data/.",
    "/p/data/.git",
    "/p/data/a/b.csv",
    "/p/other.csv",
    "/p",
    "constructor",
    "__proto__/x",
  ])
    assert.equal(pathInRepository(sources, path), undefined, path);
});
