import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { looksSecret } from "../../../src/run/git/gitSnapshot.ts";
import { GitProcess } from "../../../src/run/git/gitProcess.ts";
import { GitShare } from "../../../src/run/git/gitShare.ts";
import { GitStore, openGitStore } from "../../../src/run/git/gitStore.ts";
import { committedRun, git, ID, inRepository, record } from "./repository.ts";

function remoteOf(folder: string, name = "origin"): string {
  const remote = join(folder, `../${name}.git`);
  git(folder, "init", "-q", "--bare", remote);
  git(folder, "remote", "add", name, remote);
  return remote;
}

inRepository(
  "push and fetch wait for a remote that is silent longer than a local command may be, and end when aborted",
  async ({ folder }) => {
    const remote = remoteOf(folder);
    const impatient = new GitStore(new GitProcess(folder, 400), join(folder, ".git"));
    const patient = await openGitStore(folder);
    const share = new GitShare(impatient);
    assert.ok(patient instanceof GitStore);
    await patient.snapshot(ID, record);
    await assert.rejects(impatient.git.run(["cat-file", "--batch"]), /timeout/, "a local command is ended");
    git(folder, "config", "remote.origin.receivepack", "sleep 1; git-receive-pack");
    git(folder, "config", "remote.origin.uploadpack", "sleep 1; git-upload-pack");
    await share.push("origin", [ID]);
    assert.notEqual(git(remote, "for-each-ref", `refs/adept/runs/${ID}`), "");
    git(folder, "update-ref", "-d", `refs/adept/runs/${ID}`);
    const { refused } = await share.fetch("origin", join(folder, ".adept/runs"));
    assert.equal(refused.length, 1, "it came, and has no result yet");
    git(folder, "config", "remote.origin.receivepack", "sleep 8; git-receive-pack");
    const stop = new AbortController();
    const from = Date.now();
    setTimeout(() => {
      stop.abort();
    }, 300);
    await assert.rejects(share.push("origin", [ID], stop.signal), /not pushed/);
    assert.ok(Date.now() - from < 5000);
  },
);

inRepository(
  "possible secrets in the user's own commits are told apart from others; templates of them do not count",
  async ({ folder, store, write }) => {
    remoteOf(folder);
    write(".npmrc", "registry=x\n");
    write("old.pem", "was here once\n");
    git(folder, "add", "-f", ".npmrc", "old.pem");
    const commit = (...args: string[]): string =>
      git(folder, "-c", "core.hooksPath=/dev/null", "commit", "-qm", "more", ...args);
    commit();
    git(folder, "rm", "-q", "old.pem");
    commit();
    write(".env.example", "TOKEN=\n");
    write("copy.txt", "registry=x\n");
    write(".env", "TOKEN=1\n");
    git(folder, "add", "-f", ".env");
    const { skipped } = await store.snapshot(ID, record);
    const { files, commits } = await new GitShare(store).preview("origin", [ID]);
    assert.deepEqual([skipped, commits], [[], 4], "to a remote that has nothing, the whole history leaves");
    const secrets = files
      .filter(({ secret }) => secret)
      .map(({ path, tracked }) => [path, tracked])
      .sort();
    assert.deepEqual(secrets, [
      [".env", false],
      [".npmrc", true],
      ["old.pem", true],
    ]);
    assert.ok(
      [".env.example", "copy.txt", "a.py"].every((path) => files.some((file) => file.path === path && !file.secret)),
      "equal bytes under two names are both listed",
    );
    assert.deepEqual(
      files.map(({ bytes }) => bytes),
      files.map(({ bytes }) => bytes).sort((a, b) => b - a),
    );
    for (const path of ["x/.env.sample", "credentials.json.dist", ".npmrc.template", "ID_RSA.example"])
      assert.equal(looksSecret(path), false, path);
    for (const path of [".env.local", "a/id_rsa.pub", "x.pem", "credentials"])
      assert.equal(looksSecret(path), true, path);
  },
);

inRepository(
  "what one remote has is still sent to another; nothing is sent twice to the same one",
  async ({ folder, store }) => {
    remoteOf(folder);
    remoteOf(folder, "second");
    git(folder, "push", "-q", "origin", "main");
    git(folder, "fetch", "-q", "origin");
    await committedRun(store, join(folder, ".adept/runs"), ID);
    const share = new GitShare(store);
    const [first, second] = [await share.preview("origin", [ID]), await share.preview("second", [ID])];
    assert.equal(
      first.files.some(({ path }) => path === "a.py"),
      false,
    );
    assert.deepEqual(
      [second.commits - first.commits, second.files.some(({ path, tracked }) => path === "a.py" && tracked)],
      [1, true],
    );
    git(folder, "push", "-q", "second", `refs/adept/runs/${ID}:refs/heads/it`);
    git(folder, "fetch", "-q", "second");
    assert.deepEqual(await share.preview("second", [ID]), { commits: 0, files: [], bytes: 0 });
  },
);

inRepository(
  "fetching leaves a clone unchanged, and its attributes change no byte of a run",
  async ({ folder, store, write }) => {
    const remote = remoteOf(folder);
    const clone = join(folder, "../clone");
    write(".gitattributes", "* text eol=crlf\n");
    git(folder, "add", ".gitattributes");
    git(folder, "-c", "core.hooksPath=/dev/null", "commit", "-qm", "attributes");
    const run = await committedRun(store, join(folder, ".adept/runs"), ID);
    rmSync(join(folder, ".git/hooks"), { recursive: true });
    git(folder, "push", "-q", "origin", "main", `refs/adept/runs/${ID}`);
    git(folder, "clone", "-q", "-b", "main", remote, clone);
    const there = await openGitStore(clone);
    const before = git(clone, "status", "--porcelain");
    assert.ok(there instanceof GitStore);
    assert.deepEqual(await new GitShare(there).fetch("origin", join(clone, ".adept/runs")), {
      came: [ID],
      refused: [],
    });
    assert.equal(git(clone, "status", "--porcelain"), before);
    assert.equal(
      git(clone, "hash-object", "--no-filters", join(clone, ".adept/runs", ID, "experiment.json")),
      git(folder, "hash-object", "--no-filters", join(run.path, "experiment.json")),
    );
    assert.equal(existsSync(join(clone, ".adept/.gitignore")), true);
  },
);
