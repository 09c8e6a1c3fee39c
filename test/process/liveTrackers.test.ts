import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { after, test } from "node:test";
import { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { eventFile } from "../../src/tracker/tensorboard/eventFile.ts";
import { eventFilePath } from "../../src/tracker/tensorboard/tensorboard.ts";
import { journalled, liveWorkspace, untilGone } from "../trackers/liveRun.ts";

// Runs whose trackers are kept up to date by their worker; the trackers' own packages read them in test/trackers.

const workspace = liveWorkspace(60, 30);
const { root, adept } = workspace;
after(() => {
  workspace.remove();
});
const runs = (): RunDirectory[] =>
  readdirSync(join(root, ".adept/runs")).map((id) => RunDirectory.open(join(root, ".adept/runs", id)));
const log = (run: RunDirectory): string => readFileSync(run.logPath, "utf8");

test("a run that was not asked for by name is kept nowhere", () => {
  adept("train", "live.adept.json", "--no-git");
  const [run] = runs();
  assert.equal(log(run!), "");
  assert.ok(!existsSync(join(run!.path, "trackers.json")));
});

test("in the queue, by the file beside the runs, the event file is that of an export", async () => {
  writeFileSync(join(root, ".adept/trackers.json"), '{ "tensorboard": "../tb", "wandb": ".." }');
  const before = runs().map(({ id }) => id);
  adept("train", "live.adept.json", "--no-git", "--queue");
  const [run] = runs().filter(({ id }) => !before.includes(id));
  await untilGone(run!);
  const tracked = journalled(run!);
  assert.ok(tracked.series.get("train/loss")!.length === 60);
  assert.ok(readFileSync(eventFilePath(tracked, join(root, "tb"))).equals(Buffer.from(eventFile(tracked))));
  assert.match(readdirSync(join(root, "wandb")).join(), new RegExp(run!.id));
});

test("what fails is told once, and the run finishes; a server that never answers does not hold it up", async () => {
  const silent = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(silent, "listening");
  try {
    writeFileSync(join(root, "taken"), "a file");
    writeFileSync(join(root, ".adept/trackers.json"), "{ broken");
    adept("train", "live.adept.json", "--no-git");
    writeFileSync(join(root, ".adept/trackers.json"), "{}");
    const mlflow = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const before = runs().map(({ id }) => id);
    adept("train", "live.adept.json", "--no-git", "--tensorboard", "taken/tb", "--mlflow", mlflow);
    const [run] = runs().filter(({ id }) => !before.includes(id));
    await untilGone(run!);
    assert.equal(run!.record().status, "finished");
    assert.equal(log(run!).match(/tensorboard is not kept up to date: /g)?.length, 1, log(run!));
    assert.match(log(run!), /Trackers lack what came last|mlflow is not kept up to date/);
    const broken = runs().find((each) => each.id === before.at(-1))!;
    assert.equal(broken.record().status, "finished");
    assert.equal(log(broken).match(/Trackers are not kept up to date: .* is not valid JSON/g)?.length, 1, log(broken));
    assert.equal(broken.record().warnings.filter((each) => each.includes("is not valid JSON")).length, 1);
  } finally {
    silent.close();
  }
});
