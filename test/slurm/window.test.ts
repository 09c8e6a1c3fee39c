import assert from "node:assert/strict";
import { test } from "node:test";
import { SlurmWorkspace, slowSteps } from "./slurmWorkspace.ts";
import { StubWindow } from "./stubWindow.ts";
import { sharedCluster, type TestCluster } from "./testCluster.ts";
import { until } from "./until.ts";

const clusterOf = sharedCluster("--nodes", "1", "--cpus", "4");
const WAITING = /^waiting \(JobArrayTaskLimit(, about [\d:]+ [AP]M)?\)$/;

/** Tasks in these states, as Slurm counts them. */
const tasksIn = (cluster: TestCluster, states: string): number =>
  cluster.run("squeue", "--me", "-h", "-r", "-t", states, "-o", "%i").split("\n").filter(Boolean).length;

/** Whether a task of the first run's array has ended. */
function hasEndedTask(cluster: TestCluster, workspace: SlurmWorkspace): boolean {
  const [array = ""] = workspace.records()[0]?.place?.job.split("_") ?? [];
  return cluster.run("squeue", "-h", "-r", "-j", array, "-t", "completed", "-o", "%i") !== "";
}

/** This process is the window's: it finds the cluster by its environment. */
function inClustersEnvironment(cluster: TestCluster): void {
  process.env["SLURM_CONF"] = cluster.env["SLURM_CONF"];
}

/** Of the sweep of four, two of which have ended, one run is at work and one waits. */
async function assertCancelled(window: StubWindow, workspace: SlurmWorkspace, cluster: TestCluster): Promise<void> {
  const { contexts, warnings, choicesOfWarning, answers } = window.parts.vscode;
  const [, second, third] = workspace.runs();
  // Nothing ends without an answer.
  await window.command("adept.cancelClusterRuns", window.group());
  assert.equal(warnings.at(-1), "1 runs wait for the cluster, 1 are at work on it.");
  assert.deepEqual(choicesOfWarning, ["Take Out Those That Wait", "End All"]);
  assert.deepEqual([second!.record().status, third!.record().status], ["running", "queued"]);

  answers.push("Take Out Those That Wait");
  await window.command("adept.cancelClusterRuns", window.group());
  assert.deepEqual([second!.record().status, third!.record().status], ["running", "stopped"]);
  assert.equal(tasksIn(cluster, "pending"), 0);
  answers.push("End All");
  await window.command("adept.cancelClusterRuns");
  assert.equal(warnings.at(-1), "0 runs wait for the cluster, 1 are at work on it.");
  assert.deepEqual(choicesOfWarning, ["End All"]);
  assert.deepEqual(
    workspace.records().map(({ status, place }) => [status, place !== undefined]),
    [
      ["stopped", true],
      ["stopped", true],
      ["stopped", false],
      ["stopped", false],
    ],
  );
  await until(() => tasksIn(cluster, "all") === 0 || tasksIn(cluster, "pending,running") === 0, "no job is left", 30);
  await window.look();
  assert.equal(contexts.get("adept.clusterRuns"), false);
  assert.equal(window.shown(window.group()).contextValue, "group");
  await assert.rejects(window.command("adept.cancelClusterRuns"), /None of these runs waits/);
}

test("in a window: a run that waits is taken out, one at work stops, the sweep's others are cancelled after a question", async (t) => {
  const cluster = clusterOf(t);
  if (cluster === undefined) return;
  inClustersEnvironment(cluster);
  const steps = 100_000;
  const workspace = new SlurmWorkspace(t, cluster.env, {
    seeds: [0, 1, 2, 3],
    training: { steps, evaluateEvery: steps, checkpointEvery: steps },
    executor: { kind: "slurm", cpus: 1, time: "30", concurrent: 1, setup: slowSteps(100) },
  });
  assert.equal(workspace.adept(["train", "words.adept.json", "--detach"]).status, 0);
  const window = await StubWindow.open(t, workspace.folder);
  const { contexts } = window.parts.vscode;
  await workspace.untilStep(0, { restart: 0 });
  const [first, , , last] = workspace.runs();
  await window.look();
  await window.untilRowSays(last!.id, WAITING);
  await window.untilRowSays(first!.id, /^running · on n1, \d+ min left · \d+\/100000/);
  assert.match(window.shown(window.row(last!.id)).contextValue, /^run\.placed plain/);
  assert.match(window.shown(window.row(first!.id)).contextValue, /^run\.live /);
  assert.equal(window.shown(window.group()).contextValue, "group.cluster");
  assert.equal(contexts.get("adept.clusterRuns"), true);
  assert.equal(contexts.get("adept.queueWaiting"), false);

  await window.command("adept.takeOut", window.row(last!.id));
  assert.equal(last!.record().status, "stopped");
  assert.match(last!.record().message ?? "", /Taken out of the queue/);
  assert.equal(tasksIn(cluster, "pending"), 2);
  assert.equal(window.shown(window.row(last!.id)).description, "stopped", "also before the cluster is asked again");
  await window.command("adept.stop", window.row(first!.id));
  assert.equal(first!.record().status, "stopped");
  await workspace.untilStep(1, { restart: 0 });

  await window.look();
  await assertCancelled(window, workspace, cluster);
});

test("in a window: how many of a sweep are at work is changed while they run, and never are there more", async (t) => {
  const cluster = clusterOf(t);
  if (cluster === undefined) return;
  inClustersEnvironment(cluster);
  const steps = 60;
  const workspace = new SlurmWorkspace(t, cluster.env, {
    seeds: [0, 1, 2, 3, 4, 5],
    training: { steps, evaluateEvery: steps, checkpointEvery: steps },
    executor: { kind: "slurm", cpus: 1, time: "30", concurrent: 1, setup: slowSteps(100) },
  });
  assert.equal(workspace.adept(["train", "words.adept.json", "--detach"]).status, 0);
  const window = await StubWindow.open(t, workspace.folder);
  const { answers, told } = window.parts.vscode;
  await workspace.untilStep(0, { restart: 0 });
  await window.look();
  assert.equal(tasksIn(cluster, "running"), 1);

  told.splice(0);
  answers.push("many", "100001", "-1", "3");
  await window.command("adept.limitClusterRuns", window.group());
  assert.deepEqual(told.splice(0), [
    "How many of these 6 runs are at work at once? 0: as many as the cluster allows. Now: 1 [1]",
    ...Array<string>(3).fill("A whole number from 0 to 100000"),
    "At most 3 runs are at work at once.",
  ]);
  const seen: number[] = [];
  const atWork = (): number => {
    seen.push(tasksIn(cluster, "running"));
    return seen.at(-1)!;
  };
  await until(() => atWork() === 3, "three are at work");
  // Of an array with a task that has ended, scontrol says that it fails, and changes it.
  await until(() => hasEndedTask(cluster, workspace), "a task has ended");

  answers.push("1");
  window.model.refresh();
  await window.command("adept.limitClusterRuns");
  const working = workspace.records().filter(({ status }) => status === "running" || status === "preparing").length;
  assert.match(told[0] ?? "", /Now: 3 \[3\]$/);
  if (working > 1) assert.match(told[1] ?? "", /^At most 1 runs start at once; \d are at work now and go on\.$/);
  assert.ok(Math.max(...seen) <= 3, seen.join());
  await until(() => atWork() <= 1, "those that were at work have ended");
  seen.splice(0);
  await until(() => {
    atWork();
    return workspace.records().every(({ status }) => status === "finished");
  }, "all have finished");
  assert.ok(seen.includes(1) && Math.max(...seen) === 1, seen.join());

  await assert.rejects(window.command("adept.limitClusterRuns", window.group()), /None of these runs waits/);
});

test("jobs of their own have no limit, which is told; the log has what the run and each start of its job have written", async (t) => {
  const cluster = clusterOf(t);
  if (cluster === undefined) return;
  inClustersEnvironment(cluster);
  const workspace = new SlurmWorkspace(t, cluster.env, {
    seeds: [0, 1],
    training: { steps: 100, evaluateEvery: 100, checkpointEvery: 10 },
    executor: { kind: "slurm", cpus: 1, array: false, time: "30", setup: ["echo set up", ...slowSteps(100)] },
  });
  assert.equal(workspace.adept(["train", "words.adept.json", "--detach"]).status, 0);
  const window = await StubWindow.open(t, workspace.folder);
  await workspace.untilStep(0, { restart: 0 });
  await window.look();
  window.parts.vscode.answers.push("1");
  await assert.rejects(window.command("adept.limitClusterRuns", window.group()), (error: Error) => {
    assert.match(error.message, /these are jobs of their own/);
    assert.match((error as Error & { action?: string }).action ?? "", /"array": false/);
    return true;
  });

  const [run] = workspace.runs();
  const { job } = run!.record().place!;
  cluster.run("scontrol", "requeue", job);
  await until(() => run!.record().status === "interrupted", "the run has left its node");
  await window.look();
  assert.match(
    window.shown(window.row(run!.id)).contextValue,
    /^run\.placed /,
    "a run that starts again can be taken out",
  );
  await until(() => run!.record().status === "finished", "the run has finished");
  const text = window.logs.provideTextDocumentContent({ query: run!.id });
  const sections = text.split(/^== (?=journal|job|log)/m).slice(1);
  assert.deepEqual(
    sections.map((section) => section.split(" (")[0]),
    ["journal", `job ${job}`],
  );
  const [journal = "", printed = ""] = sections;
  const at = "\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d";
  for (const restart of [0, 1]) {
    assert.match(journal, new RegExp(`^${at} job ${job}, restart ${restart}, on n1$`, "m"));
    assert.match(printed, new RegExp(`^== restart ${restart} on n1, ${at}\\nset up$`, "m"));
  }
  assert.match(journal, new RegExp(`^${at} finished`, "m"));
  assert.equal(workspace.adept(["logs", run!.id]).out, text);
});

test("in a window: a run whose job is held says what helps; deleted, its job is cancelled too", async (t) => {
  const cluster = clusterOf(t);
  if (cluster === undefined) return;
  inClustersEnvironment(cluster);
  const workspace = new SlurmWorkspace(t, cluster.env, { executor: { kind: "slurm", time: "30", args: ["--hold"] } });
  assert.equal(workspace.adept(["train", "words.adept.json", "--detach"]).status, 0);
  const window = await StubWindow.open(t, workspace.folder);
  const [run] = workspace.runs();
  await window.look();
  await window.untilRowSays(run!.id, /^waiting \(JobHeldUser\)$/);
  const row = window.row(run!.id);
  const { tooltip } = window.explorer.resolveTreeItem(window.explorer.getTreeItem(row), row);
  assert.match((tooltip as { value: string }).value, /Needs you: It is held: scontrol release lets it go\./);
  assert.equal(tasksIn(cluster, "pending"), 1);
  await window.command("adept.delete", row);
  assert.equal(workspace.runs().length, 0);
  assert.equal(tasksIn(cluster, "pending"), 0);
});
