import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { ResolvedExperiment } from "../../src/experiment/experiment.ts";
import { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { Journal } from "../../src/run/journal/journal.ts";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import { deliverPosts } from "../../src/run/journal/sharedJournal.ts";
import { canMount, folderFor, mountLikeNfs } from "./networkMounts.ts";

const ID = "20260314-101523-aaaa";
const experiment = ResolvedExperiment.parse({ name: "x", task: { kind: "mail" }, method: { kind: "pt" } });
const SOURCE = `
  import { annotateRun } from "./src/run/journal/sharedJournal.ts";
  annotateRun(process.argv.at(-1), { note: "written elsewhere" });
`;

/** Writes a note to a run as a process of a machine of its own. */
function noteFrom(runPath: string): void {
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "-e", SOURCE, runPath],
    {
      cwd: join(import.meta.dirname, "../.."),
      encoding: "utf8",
    },
  );
  assert.equal(status, 0, stderr);
}

const notesIn = (runPath: string): unknown[] =>
  readJournal(runPath).events.flatMap((event) => (event.type === "annotated" ? [event.note] : []));

for (const hasInbox of [true, false])
  test(`a note that comes as a worker ends is in the journal, though the worker's machine believes an old ${hasInbox ? "list of the inbox" : "folder without an inbox"}`, async (t) => {
    if (!canMount(t)) return;
    const server = folderFor("server");
    const here = folderFor("mount");
    const there = folderFor("mount");
    await mountLikeNfs(t, server, [{ path: here }, { path: there }]);
    const run = RunDirectory.create(here, ID, experiment);
    const serverPath = join(server, ID);
    assert.ok(run.acquireLease(process.pid));
    const journal = new Journal(run.path);
    if (hasInbox) noteFrom(join(there, ID));
    journal.takeIn();
    // From here on this machine believes for 30 seconds what it has seen now.
    journal.takeIn();
    noteFrom(join(there, ID));
    const before = notesIn(serverPath).length;
    journal.close();
    run.releaseLease();
    deliverPosts(run.path);
    assert.equal(before, hasInbox ? 1 : 0);
    assert.equal(notesIn(serverPath).length, before + 1);
  });
