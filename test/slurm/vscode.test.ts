import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { slowSteps } from "./slurmWorkspace.ts";
import { clusterOfFile } from "./testCluster.ts";
import { Session } from "../integration/session.ts";
import { until, type Workbench } from "../integration/workbench.ts";
import { records } from "../integration/workspace.ts";

const cluster = clusterOfFile("--nodes", "1", "--cpus", "3");
const session = new Session({ "security.workspace.trust.enabled": false }, cluster?.env);

/** Writes a sweep of three seeds, of which one is at work at once, with steps that take long enough to be looked at. */
function writeSweep(folder: string): void {
  const steps = 100_000;
  mkdirSync(join(folder, ".adept"));
  writeFileSync(join(folder, ".adept/slurm.json"), JSON.stringify({ poll: 2 }));
  writeFileSync(
    join(folder, "mail.adept.json"),
    JSON.stringify({
      name: "On the cluster",
      seeds: [0, 1, 2],
      task: { kind: "mail", maxBodyCharacters: 150 },
      method: { kind: "adept", promptLength: 8, bottleneck: 8 },
      training: { steps, batchSize: 4, maxSourceLength: 32, maxTargetLength: 4, evaluateEvery: steps },
      engine: "cpu",
      git: false,
      executor: { kind: "slurm", cpus: 1, time: "30", concurrent: 1, setup: slowSteps(200) },
    }),
  );
}

const statuses = (folder: string): string[] =>
  records(folder)
    .map(({ seed, status }) => `${seed} ${status}`)
    .sort();

async function untilStatuses(folder: string, wanted: string): Promise<void> {
  await until(
    `the runs are ${wanted}`,
    () => statuses(folder).join(),
    (now) => now === wanted,
    120,
  );
}

const untilRow = (workbench: Workbench, row: string, says: RegExp): Promise<unknown> =>
  until(
    `row ${row}`,
    () => workbench.runRow(row).innerText(),
    (text) => says.test(text),
    // A window without the focus asks every two minutes.
    150,
  );

/** What the palette offers for a cluster's runs. */
const offered = async (workbench: Workbench): Promise<string[]> =>
  (await workbench.palette("Cluster Runs")).filter((label) => label.includes("Cluster Runs"));

test(
  "runs of a cluster: rows say where they are; one is taken out, the log is shown, the limit changed, the rest cancelled",
  { skip: cluster === undefined ? "Slurm is not installed, or cannot be started" : false },
  async (t) => {
    const folder = session.workspace(1);
    writeSweep(folder);
    const workbench = await session.open(t, folder);
    const { page } = workbench;
    assert.deepEqual(await offered(workbench), [], "without such runs nothing is offered");
    await workbench.train("mail.adept.json");
    await workbench.notification("3 runs are the cluster's").waitFor();
    await workbench.showRuns();
    await untilStatuses(folder, "0 running,1 queued,2 queued");
    await untilRow(workbench, "seed 2", /waiting \(JobArrayTaskLimit/);
    await untilRow(workbench, "seed 0", /running · on n1, \d+ min left/);

    await workbench.menu(workbench.runRow("seed 2"), "Take Out of Slurm's Queue");
    await untilStatuses(folder, "0 running,1 queued,2 stopped");
    await untilRow(workbench, "seed 2", /^seed 2\s*stopped/);
    await workbench.menu(workbench.runRow("seed 0"), "Show Log");
    await page.locator(".editor-instance .view-line", { hasText: /job\s\d+_0,\srestart\s0,\son\sn1/ }).waitFor();
    await page.locator(".editor-actions .action-label[aria-label^='Refresh Log']").waitFor();

    const sweep = page.locator(".part.sidebar .monaco-list-row:has(.monaco-tl-twistie.collapsible)").first();
    await workbench.menu(sweep, "Limit Cluster Runs at Once…");
    await workbench.answer("2");
    await workbench.notification("At most 2 runs are at work at once.").waitFor();
    await untilStatuses(folder, "0 running,1 running,2 stopped");

    await workbench.menu(sweep, "Cancel Cluster Runs…");
    const question = page.locator(".monaco-dialog-box");
    await question.getByText("0 runs wait for the cluster, 2 are at work on it.").waitFor();
    await question.locator(".monaco-button", { hasText: "End All" }).click();
    await untilStatuses(folder, "0 stopped,1 stopped,2 stopped");
    await until(
      "the palette offers nothing more",
      () => offered(workbench),
      (labels) => labels.length === 0,
    );
  },
);
