import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import { localHolderOf } from "../../src/run/lease/lease.ts";
import { listRuns } from "../../src/run/directory/runList.ts";
import type { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { Dice } from "./dice.ts";
import { mustBeWhole } from "./outcome.ts";
import { must, type Counter } from "./tally.ts";
import { kill, pause, until, VARIANTS, Workspace } from "./workspace.ts";
import type { ChildProcess } from "node:child_process";

const RUNS = 3;
type Victim = "queue" | "queue and worker" | "host" | "host and queue" | "all";
interface Queue {
  place: Workspace;
  hosts: ChildProcess[];
}

const queuePid = ({ runsDir }: Workspace): number | undefined =>
  localHolderOf(join(dirname(runsDir), "queue-cpu.lease"));
const all = (place: Workspace): RunDirectory[] => listRuns(place.runsDir);
const worker = (place: Workspace): number | undefined =>
  all(place)
    .map((run) => run.workerPid)
    .find((pid) => pid !== undefined);

/** When to kill: while a run is being started, at a run's end, or after some time. */
function moments(dice: Dice, { place }: Queue): { name: string; reached: () => boolean } {
  const finished = (): number => all(place).filter((run) => run.record().status === "finished").length;
  const before = finished();
  const starting = join(dirname(place.runsDir), "starting.lease");
  const end = performance.now() + dice.below(2500);
  return dice.one([
    { name: "starting a run", reached: () => existsSync(starting) },
    { name: "a run's end", reached: () => finished() > before },
    { name: "some time", reached: () => performance.now() > end },
  ]);
}

/** Puts a run into the queue: by a command that waits for it, by one that does not, or by a window. */
function submit(dice: Dice, { place, hosts }: Queue): void {
  const how = dice.one(["window", "cli", "cli that waits"] as const);
  hosts.push(
    how === "window"
      ? place.start("window", "queue", place.folder, "words.adept.json")
      : place.start("cli", "train", "words.adept.json", "--queue", ...(how === "cli" ? ["--detach"] : [])),
  );
}

function killed(who: Victim, { place, hosts }: Queue): void {
  const queue = queuePid(place);
  if (who !== "queue" && who !== "queue and worker") for (const host of hosts.splice(0)) kill(host.pid);
  if (who !== "host") kill(queue);
  if (who === "queue and worker" || who === "all") kill(worker(place), true);
}

/** Returns the times at which a run was in training, each from a worker's first event to its last. */
function sessions(run: RunDirectory): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  for (const event of readJournal(run.path).events) {
    if (event.type === "status" && event.status === "preparing") found.push({ from: event.time, to: event.time });
    else if (
      event.type !== "annotated" &&
      event.type !== "created" &&
      !(event.type === "status" && (event.status === "queued" || event.status === "interrupted")) &&
      found.length > 0
    )
      found.at(-1)!.to = event.time;
  }
  return found;
}

/**
 * Checks that no run was started again after its end, no step was made by two workers, and no two runs were trained at
 * once.
 */
function mustBeOneByOne(runs: readonly RunDirectory[]): void {
  for (const run of runs) {
    let at: number | undefined;
    let isOver = false;
    for (const event of readJournal(run.path).events) {
      if (event.type === "status") {
        must(!(isOver && event.status === "preparing"), "corrupt", `run ${run.id} was begun again after its end`);
        isOver ||= event.status === "finished";
        if (event.status === "running") at = undefined;
      }
      if (event.type !== "step") continue;
      must(
        at === undefined || event.step === at + 1,
        "corrupt",
        `run ${run.id}: step ${event.step} after ${at}: two workers at once`,
      );
      at = event.step;
    }
  }
  const spans = runs
    .flatMap((run) => sessions(run).map((span) => ({ ...span, id: run.id })))
    .sort((a, b) => a.from - b.from);
  for (const [i, span] of spans.slice(1).entries())
    must(span.from >= spans[i]!.to, "corrupt", `runs ${spans[i]!.id} and ${span.id} were trained at once`);
}

/**
 * Queues runs, and repeatedly kills the queue's process and the processes that wait for it. Each run must finish
 * exactly once.
 * @returns the number of kills
 */
export async function queueEpisode(seed: number, episode: number, counter: Counter): Promise<number> {
  const dice = new Dice(seed, "queue", episode);
  const variant = dice.one(VARIANTS);
  const place = Workspace.make(variant);
  const own = place.own();
  const queue: Queue = { place, hosts: [] };
  let kills = 0;
  try {
    for (let i = 0; i < RUNS; i++) {
      submit(dice, queue);
      await pause(dice.below(400));
    }
    must(
      await until(() => all(place).filter((run) => run.record().queued).length === RUNS, 30_000),
      "lost",
      "a run that was asked for does not wait",
    );
    // A run whose worker dies three times is no longer started.
    for (let i = dice.between(2, 3); i > 0 && all(place).some((run) => run.record().status !== "finished"); i--) {
      const who = dice.one<Victim>(["queue", "queue", "queue and worker", "host", "host and queue", "all"]);
      const when = moments(dice, queue);
      await until(() => when.reached() || all(place).every((run) => run.record().status === "finished"), 20_000);
      killed(who, queue);
      kills++;
      counter.add(`${who}, at ${when.name}`);
      await mustStillBeThere(place);
      const { status, stderr } = await place.adept("queue", dice.chance(0.5) ? "start" : "list");
      must(status === 0, "lost", stderr.slice(-600));
    }
    await mustEnd(queue);
    for (const run of all(place)) await mustBeWhole(place, run, variant);
    mustBeOneByOne(all(place));
    must(place.own() === own, "corrupt", "index, HEAD, branches, status or files of the user have changed");
    place.remove();
    return kills;
  } catch (error) {
    for (const host of queue.hosts) kill(host.pid);
    throw Object.assign(error as Error, { folder: place.folder });
  }
}

/** Checks that each run, whatever was killed, is finished, in training, waiting, or to be resumed. */
async function mustStillBeThere(place: Workspace): Promise<void> {
  const { status, stdout, stderr } = await place.adept("runs", "list", "--json");
  const listed = status === 0 ? (JSON.parse(stdout) as { id: string; status: string; queued: boolean }[]) : [];
  must(listed.length === RUNS, "lost", `of ${RUNS} runs ${listed.length} are listed: ${stderr.slice(-300)}`);
  const gone = listed.find(
    (run) =>
      !run.queued || !["queued", "preparing", "running", "evaluating", "finished", "interrupted"].includes(run.status),
  );
  must(gone === undefined, "lost", `run ${gone?.id} is ${gone?.status}`);
}

async function mustEnd({ place, hosts }: Queue): Promise<void> {
  const isDone = (): boolean => all(place).every((run) => run.record().status === "finished");
  for (let i = 0; i < 20 && !isDone(); i++) {
    await place.adept("queue", "start");
    await until(() => isDone() || queuePid(place) === undefined, 60_000);
  }
  must(
    isDone(),
    "lost",
    `after all the queue leaves: ${all(place)
      .map((run) => `${run.id} ${run.record().status} ${run.record().message}`)
      .join("; ")}; ${readdirSync(dirname(place.runsDir))
      .filter((name) => name.endsWith(".log"))
      .map((name) => readFileSync(join(dirname(place.runsDir), name), "utf8").slice(-400))
      .join("")}`,
  );
  for (const host of hosts.splice(0)) kill(host.pid);
  must(
    await until(() => place.processes().length === 0, 20_000),
    "corrupt",
    `processes are left: ${place.processes().join()}`,
  );
}
