import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { blobBatch } from "../../../src/run/git/blobBatch.ts";
import { git, inRepository } from "./repository.ts";

const CONTENTS = [
  Buffer.from("two\nlines\n"),
  Buffer.alloc(0),
  Buffer.from([0, 255, 10, 10, 0]),
  Buffer.alloc(70_000, 10),
];

inRepository("several blobs are read by one process, byte for byte", async ({ folder, store }) => {
  const objects = CONTENTS.map((content, i) => {
    const path = join(folder, `blob${i}`);
    writeFileSync(path, content);
    return git(folder, "hash-object", "-w", "--no-filters", path);
  });
  assert.deepEqual(await store.git.blobs(objects), CONTENTS);
  assert.deepEqual(await store.git.blobs([objects[2]!, objects[2]!]), [CONTENTS[2], CONTENTS[2]]);
  assert.deepEqual(await store.git.blobs([]), []);
  await assert.rejects(store.git.blobs([objects[0]!, "0".repeat(40)]), /0{40} missing/);
});

inRepository("what is no blob, or ends early, is refused", async ({ folder, store }) => {
  const tree = git(folder, "rev-parse", "HEAD^{tree}");
  await assert.rejects(store.git.blobs([tree]), new RegExp(`${tree} tree`));
  const object = "a".repeat(40);
  assert.deepEqual(blobBatch(Buffer.from(`${object} blob 3\nabc\n`), [object]), [Buffer.from("abc")]);
  for (const cut of ["", `${object} blob 3`, `${object} blob 3\nab`, `${object} blob 3\nabc`, `${object} blob 3\nabcd`])
    assert.throws(() => blobBatch(Buffer.from(cut), [object]), `${cut} was taken`);
});
