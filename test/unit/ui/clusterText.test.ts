import assert from "node:assert/strict";
import { test } from "node:test";
import { whereText } from "../../../src/cli/whereText.ts";
import { phrase } from "../../../src/base/phrase.ts";
import type { Where } from "../../../src/executor/executor.ts";
import { foldEvents } from "../../../src/record/foldEvents.ts";
import { loadParts } from "../../host/loadParts.ts";

const NOW = new Date(2026, 0, 2, 12, 0).getTime();
const HOUR = 3600_000;
const record = (status: "queued" | "running" | "interrupted") => ({
  ...foldEvents([]),
  id: "20260102-030405-abcd",
  status,
});
const where = (more: Partial<Where>): Where => ({ state: "waiting", job: "17_0", restarts: 0, ...more });

/** Each row with what the terminal and the window say of it. */
const ROWS: [ReturnType<typeof record>, Where, string, string][] = [
  [
    record("queued"),
    where({ reason: "Priority", startsAt: new Date(2026, 0, 2, 14, 20).getTime() }),
    "waiting (Priority, about 14:20)",
    "waiting (Priority, about 14:20)",
  ],
  [record("queued"), where({ reason: "None" }), "waiting", "waiting"],
  [
    record("running"),
    where({ state: "working", node: "n7", endsAt: NOW + 3.5 * HOUR }),
    "on n7, 3 h left",
    "running · on n7, 3 h left",
  ],
  [
    record("interrupted"),
    where({ reason: "BeginTime", restarts: 2 }),
    "waiting (BeginTime), requeued twice",
    "waiting (BeginTime), requeued twice",
  ],
  [
    record("queued"),
    where({ state: "working", node: "n7", startsAt: NOW - HOUR / 12, endsAt: NOW + HOUR }),
    "on n7, 60 min left, started 5 min ago and tells nothing; adept logs shows its output",
    "starting on n7, tells nothing for 5 min",
  ],
  [record("queued"), where({ state: "working", node: "n7", startsAt: NOW - 1000 }), "on n7", "starting on n7"],
  [record("queued"), where({ state: "unknown" }), "waiting (Slurm does not answer)", "waiting (Slurm does not answer)"],
  [
    record("running"),
    where({ state: "unknown", node: "n7", unlisted: { until: NOW + HOUR / 20, alive: false } }),
    "unknown: Slurm lists job 17_0 no more and its worker is silent; in 3 min it is given up, and the run submitted again; adept logs shows its output",
    "unknown: Slurm lists job 17_0 no more",
  ],
  [
    record("running"),
    where({ state: "unknown", node: "n7", unlisted: { until: NOW, alive: true } }),
    "on n7, Slurm lists job 17_0 no more, its worker gives signs of life",
    "running · on n7",
  ],
];

test("a row of a cluster's run says where it is, in the terminal and in the window", async () => {
  const { clusterText, clusterNeed, runItem, vscode } = await loadParts();
  assert.equal(vscode.env.language, "en");
  for (const [run, at, inTerminal, inWindow] of ROWS) {
    assert.equal(whereText(run, at, NOW), inTerminal);
    assert.equal(clusterText(run, at, NOW).replace("02:20 PM", "14:20"), inWindow);
  }
  const never = where({ reason: "PartitionTimeLimit", never: phrase`Give executor.time less.` });
  assert.match(whereText(record("queued"), never, NOW), /PartitionTimeLimit.*does not start.*Give executor\.time less/);
  assert.equal(clusterNeed(never), "Give executor.time less.");
  assert.equal(clusterNeed(where({})), undefined);
  const unlisted = { until: NOW + HOUR, alive: false };
  assert.match(
    clusterNeed(where({ state: "unknown", unlisted }), NOW) ?? "",
    /silent.*until 01:00 PM.*submitted again/,
  );
  assert.equal(clusterNeed(where({ state: "unknown", unlisted: { ...unlisted, alive: true } }), NOW), undefined);

  const ended = runItem(
    { id: "a", record: { ...record("running"), status: "stopped" }, where: ROWS[0]![1] } as never,
    "7",
  );
  assert.equal(ended.description, "stopped", "what the cluster said before the end counts no more");
  const again = { ...record("interrupted"), queued: true };
  const item = runItem({ id: "a", record: again, where: ROWS[3]![1] } as never, "7");
  assert.match(item.contextValue ?? "", /^run\.placed /, "it waits for its next start, and can be taken out");
  assert.equal((item.iconPath as { id: string }).id, "clock");
  assert.match(String(item.description), /requeued twice/);
});

test("the details of a cluster's run say why it waits, and what helps", async () => {
  const { clusterHelp, runTooltip } = await loadParts();
  for (const [reason, says] of [
    ["Priority", /higher priority/],
    ["Resources", /free nodes/],
    ["JobArrayTaskLimit", /Limit Cluster Runs at Once changes it/],
    ["BeginTime", /two minutes/],
    ["QOSMaxJobsPerUserLimit", /account or QOS/],
    ["AssocGrpCpuLimit", /account or QOS/],
    ["ReqNodeNotAvail, May be reserved for other job", /sinfo -R/],
  ] as const) {
    assert.match(clusterHelp(where({ reason })) ?? "", says, reason);
    assert.equal(clusterHelp(where({ reason, state: "working" })), undefined, "of a run at work nothing is told");
  }
  assert.equal(clusterHelp(where({ reason: "Cleaning" })), undefined);
  assert.equal(clusterHelp(where({ reason: "QOSMaxWallDurationPerJobLimit", never: phrase`Less.` })), undefined);
  const waits = runTooltip(record("queued"), where({ reason: "Resources" })).value;
  assert.match(waits, /Cluster: waiting \(Resources\)\n- Job: 17_0\n- Why it waits: It is among the next/);
  const never = runTooltip(record("queued"), where({ reason: "JobHeldUser", never: phrase`scontrol release.` })).value;
  assert.match(never, /Needs you: scontrol release\./);
  assert.doesNotMatch(never, /Why it waits/);
});
