import { dequeue, SLURM_QUEUE, waitingAmong, type Waiting } from "../../executor/queuedRuns.ts";
import { endQueue, isQueueRunning, startQueue, workingDevices } from "../../executor/deviceQueue.ts";
import type { ExecutorPlace } from "../../executor/executor.ts";
import { slurmExecutor } from "../../executor/executors.ts";
import { concurrentOf, MOST_CONCURRENT } from "../../experiment/concurrent.ts";
import { isWaiting } from "../../record/record.ts";
import type { ReadRun } from "../../run/directory/runList.ts";
import { readMarkedRuns } from "../../run/interruption/interruptedRuns.ts";
import { clusterRuns, type ClusterRun } from "../clusterQueue.ts";
import { command, type Parsed } from "../command.ts";
import { RUN_OPTIONS } from "../commonOptions.ts";
import { runsFolder } from "../namedRun.ts";
import { localWorker } from "../localWorker.ts";
import { problemReporter } from "../problemReporter.ts";
import { oneLine, say } from "../terminal.ts";
import { whereText } from "../whereText.ts";
import { WrongUse } from "../wrongUse.ts";

/** The queue of one device of this machine. */
interface DeviceState {
  device: string;
  working: boolean;
  waiting: Waiting[];
}

const ACTIONS = ["list", "start", "stop", "clear", "cancel", "limit"];

function deviceStates(runsDir: string, read: readonly ReadRun[], hasCluster: boolean): DeviceState[] {
  const waiting = waitingAmong(read);
  const known = [...new Set([...workingDevices(runsDir), ...waiting.map(({ device }) => device)])].filter(
    (device) => device !== SLURM_QUEUE,
  );
  const devices = known.length > 0 || hasCluster ? known.sort() : ["auto"];
  return devices.map((device) => ({
    device,
    working: isQueueRunning({ runsDir, device }),
    waiting: waiting.filter((each) => each.device === device),
  }));
}

function changeDevices(what: string, state: readonly DeviceState[], runsDir: string): void {
  if (what === "start")
    for (const { device, waiting } of state) {
      if (waiting.length > 0) startQueue({ ...localWorker(), runsDir, device });
    }
  else if (what === "stop") for (const { device } of state) endQueue({ runsDir, device });
  else if (what === "clear" || what === "cancel")
    for (const { waiting } of state) for (const { run } of waiting) dequeue(run);
}

const waitsForCluster = ({ record }: ClusterRun): boolean => isWaiting(record);

const jsonOf = ({ device, working, waiting }: DeviceState): object => ({
  device,
  working,
  waiting: waiting.map(({ run, record }) => ({ id: run.id, name: record.name, status: record.status })),
});

const clusterJson = (cluster: readonly ClusterRun[]): object => ({
  device: SLURM_QUEUE,
  working: cluster.some((each) => !waitsForCluster(each)),
  waiting: cluster
    .filter(waitsForCluster)
    .map(({ run, record, where }) => ({ id: run.id, name: record.name, status: record.status, where })),
  atWork: cluster
    .filter((each) => !waitsForCluster(each))
    .map(({ run, record, where }) => ({ id: run.id, name: record.name, status: record.status, where })),
});

function sayDevices(what: string, state: readonly DeviceState[]): void {
  for (const { device, working, waiting } of state) {
    say(
      `${device}: ${ANSWERS[what]?.(waiting.length) ?? `${waiting.length} waiting, ${stateText(working, waiting.length)}`}`,
    );
    if (what === "list") for (const { run, record } of waiting) say(`  ${run.id}  ${oneLine(record.name)}`);
  }
}

function sayCluster(what: string, cluster: readonly ClusterRun[]): void {
  const waiting = cluster.filter(waitsForCluster).length;
  const answer = CLUSTER_ANSWERS[what]?.(waiting) ?? `${waiting} waiting, ${cluster.length - waiting} at work`;
  say(`${SLURM_QUEUE}: ${answer}`);
  if (what === "list")
    for (const { run, record, where } of cluster)
      say(`  ${run.id}  ${oneLine(record.name)}: ${oneLine(whereText(record, where))}`);
}

/** The number of runs at once that a person gives: 0 for no limit. */
function limitOf(text: string | undefined): number {
  const limit = concurrentOf(text ?? "");
  if (limit === undefined)
    throw new WrongUse(
      `queue limit takes how many of the cluster's runs are at work at once, at most ${MOST_CONCURRENT}; 0: no limit`,
    );
  return limit;
}

/** Changes what waits for the cluster, or is at work there. */
async function changeCluster(
  what: string,
  { cluster, limit, place }: { cluster: readonly ClusterRun[]; limit: number; place: ExecutorPlace },
): Promise<void> {
  const chosen = what === "clear" ? cluster.filter(waitsForCluster) : cluster;
  if (chosen.length === 0) return;
  const runs = chosen.map((each) => each.run);
  if (what === "clear" || what === "cancel") await slurmExecutor(place).stop(runs);
  if (what === "limit") await slurmExecutor(place).limit(runs, limit);
}

/** Adept queue list | start | stop | clear | cancel | limit */
async function run({ values, positionals: [what = "list", number] }: Parsed<typeof RUN_OPTIONS>): Promise<number> {
  if (!ACTIONS.includes(what)) throw new WrongUse(`queue takes ${ACTIONS.join(", ")}, not "${what}"`);
  const limit = what === "limit" ? limitOf(number) : 0;
  const runsDir = runsFolder(values["runs-dir"]);
  const read = readMarkedRuns(runsDir, problemReporter());
  const place = { ...localWorker(), runsDir };
  const cluster = await clusterRuns(place, read);
  const state = deviceStates(runsDir, read, cluster.length > 0);
  changeDevices(what, state, runsDir);
  await changeCluster(what, { cluster, limit, place });
  if (values.json === true)
    say(JSON.stringify([...state.map(jsonOf), ...(cluster.length > 0 ? [clusterJson(cluster)] : [])]));
  else {
    sayDevices(what, state);
    if (cluster.length > 0) sayCluster(what, cluster);
    if (what === "limit")
      say(cluster.length > 0 ? `at most ${limit === 0 ? "all" : limit} at work at once` : "no run is the cluster's");
  }
  return 0;
}

export const queueCommand = command({
  summary: "lists the queue of each device and of the cluster, starts it, stops it or empties it",
  takes: "[list|start|stop|clear|cancel|limit N]",
  options: RUN_OPTIONS,
  examples: ["adept queue list", "adept queue start", "adept queue limit 4"],
  notes: [
    "stop ends the queue after the run at work; clear takes the waiting runs out; cancel ends the cluster's runs at work too.",
    "limit changes how many of the cluster's runs are at work at once, also while they run; 0: as many as it allows.",
    "A cluster's queue is Slurm's own: list and start also submit what waits without a job, and stop changes nothing there.",
  ],
  run,
});

function stateText(working: boolean, waiting: number): string {
  if (working) return "working";
  return waiting > 0 ? "not working (adept queue start)" : "idle";
}

const ANSWERS: Readonly<Record<string, (waiting: number) => string>> = {
  start: (waiting) => (waiting > 0 ? `working through ${waiting} runs` : "nothing waits"),
  stop: (waiting) => `ends after the run at work; ${waiting} keep waiting`,
  clear: (waiting) => `${waiting} runs taken out of the queue`,
  cancel: (waiting) => `${waiting} runs taken out of the queue`,
};

const CLUSTER_ANSWERS: Readonly<Record<string, (waiting: number) => string>> = {
  start: (waiting) => `${waiting} runs wait in Slurm's queue`,
  stop: (waiting) => `the queue is Slurm's and goes on; ${waiting} wait`,
  clear: (waiting) => `${waiting} runs cancelled`,
  cancel: () => "all runs cancelled; those at work keep what they have trained",
};
