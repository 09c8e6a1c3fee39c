import { cpSync, existsSync, mkdtempSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { annotateRun } from "../../src/run/journal/sharedJournal.ts";
import type { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { SlurmWorkspace, slowSteps, type Answer } from "../slurm/slurmWorkspace.ts";
import { startCluster, type TestCluster } from "../slurm/testCluster.ts";
import { ClusterBlows } from "./clusterBlows.ts";
import { momentOf, openRuns } from "./clusterMoments.ts";
import { mustBeInOrder, mustBeUnbroken, mustHaveEnded } from "./clusterOutcome.ts";
import { CHECKPOINT, NODES, plan, STEP_MS } from "./clusterPlan.ts";
import { Dice } from "./dice.ts";
import { EpisodeLifetime } from "./lifetime.ts";
import { must, type Counter } from "./tally.ts";
import { pause } from "./workspace.ts";

const RUNS = 6;
const STEPS = 80;
const SEEDS = Array.from({ length: RUNS }, (_, i) => i);
/** After five minutes a job that Slurm has lost is looked for no more; then its run trains. */
const PATIENCE = 10 * 60_000;
/** A requeued job of a run that is over ends by itself, once it has a node. */
const JOBS_PATIENCE = 3 * 60_000;
const LOOK = 2000;

const experiment = (concurrent: number): { [key: string]: unknown } => ({
  seeds: SEEDS,
  training: { steps: STEPS, evaluateEvery: STEPS / 2, checkpointEvery: CHECKPOINT },
  executor: { kind: "slurm", cpus: 1, time: "30", concurrent, setup: slowSteps(STEP_MS) },
});

let expected: Promise<ReadonlyMap<number, Buffer>> | undefined;

/** The tensors of unbroken runs by their seed; trained here, once. */
function unbroken(): Promise<ReadonlyMap<number, Buffer>> {
  expected ??= (async () => {
    const lifetime = new EpisodeLifetime();
    try {
      const near = new SlurmWorkspace(lifetime, process.env, experiment(0));
      const { status, told } = await near.start(["train", "words.adept.json", "--set", "executor.kind=local"]).answer;
      if (status !== 0) throw new Error(`the unbroken runs failed: ${told}`);
      const adapters = near.adapters();
      return new Map(near.records().map(({ seed }, i) => [seed, adapters[i]!]));
    } finally {
      lifetime.end();
    }
  })();
  return expected;
}

async function holds(condition: () => boolean | Promise<boolean>, patience: number): Promise<boolean> {
  for (const end = performance.now() + patience; !(await condition()); await pause(LOOK / 4))
    if (performance.now() > end) return false;
  return true;
}

/** A sweep on a cluster, and who strikes it. */
class Sweep {
  readonly notes = new Map<string, string[]>();
  private isOver = false;
  private writing: Promise<void> | undefined;

  constructor(
    readonly place: SlurmWorkspace,
    readonly blows: ClusterBlows,
  ) {}

  runs(): RunDirectory[] {
    return this.place.runs();
  }

  /** Writes notes beside the runs, until it is told to end. */
  writeNotes(interval: number): void {
    this.writing = (async () => {
      for (let i = 0; !this.isOver; i++) {
        const run = this.runs()[i % RUNS]!;
        const note = `note ${i}`;
        annotateRun(run.path, { note });
        this.notes.set(run.id, [...(this.notes.get(run.id) ?? []), note]);
        await pause(interval);
      }
    })();
    // What it fails with is told when it is waited for.
    this.writing.catch(() => undefined);
  }

  async endNotes(): Promise<void> {
    this.isOver = true;
    await this.writing;
  }

  /** Has Slurm start what it holds, and use the nodes that it has drained, as an administrator would. */
  async release(counter: Counter): Promise<void> {
    const { text: drained } = await this.blows.slurm(
      "sinfo",
      "-h",
      "-N",
      "-p",
      "main",
      "-t",
      "drained,draining",
      "-o",
      "%N",
    );
    for (const node of drained.split("\n").filter((name) => /^n\d+$/.test(name))) {
      counter.add("node drained by Slurm, resumed");
      await this.blows.slurm("scontrol", "update", `NodeName=${node}`, "State=RESUME");
    }
    const { text } = await this.blows.slurm("squeue", "-h", "-r", "-t", "pending", "-o", "%i|%r");
    for (const line of text.split("\n")) {
      const [job = "", reason = ""] = line.split("|");
      if (!/held/i.test(reason)) continue;
      counter.add("held by Slurm, released");
      await this.blows.slurm("scontrol", "release", job);
    }
  }

  /** Follows the sweep until its runs are over, as a person does who comes back whenever the command has ended. */
  async untilOver(counter: Counter, followed: Promise<Answer>): Promise<void> {
    let isFollowed = true;
    void followed.then(() => {
      isFollowed = false;
    });
    const isDone = async (): Promise<boolean> => {
      if (openRuns(this.runs()).length === 0) return true;
      await pause(LOOK);
      await this.release(counter);
      if (!isFollowed) await this.place.start(["queue", "list"]).answer;
      return false;
    };
    must(
      await holds(isDone, PATIENCE),
      "lost",
      `not over after ${PATIENCE / 1000} s: ${openRuns(this.runs())
        .map((run) => `${run.id} ${run.record().status}`)
        .join(", ")}; ${(await this.blows.slurm("squeue", "-r")).text}`,
    );
    const { status, told } = await followed;
    must(status === 0 || status === 1, "lost", `the command that follows ended with ${status}: ${told.slice(-600)}`);
  }

  /** Checks that Slurm has no job of runs that are over. */
  async mustLeaveNoJob(counter: Counter): Promise<void> {
    const queue = (): Promise<{ text: string }> => this.blows.slurm("squeue", "-h", "-r");
    const isEmpty = await holds(async () => {
      await this.release(counter);
      return (await queue()).text === "";
    }, JOBS_PATIENCE);
    must(isEmpty, "corrupt", `jobs are left of runs that are over: ${(await queue()).text}`);
  }
}

/** Strikes as planned, while there are runs to be struck. @returns how often */
async function strikeAll(dice: Dice, sweep: Sweep, counter: Counter): Promise<number> {
  let struck = 0;
  let last: Awaited<ReturnType<typeof momentOf>>;
  for (const blow of plan(dice)) {
    const runs = sweep.runs();
    const isTogether = blow.together && last !== undefined;
    const open = isTogether ? openRuns(runs) : [];
    const other = open[blow.victim % open.length];
    const met = isTogether ? other && { run: other, when: last!.when } : await momentOf(blow, runs);
    if (met === undefined) break;
    await sweep.blows.strike(blow, met.run);
    counter.add(`${blow.kind}, at ${met.when}${isTogether ? ", with another" : ""}`);
    struck++;
    last = met;
  }
  return struck;
}

/** Resumes what was stopped or has failed, which must finish like the others. */
async function resumeRest(sweep: Sweep): Promise<void> {
  const rest = sweep.runs().filter((run) => run.record().status !== "finished");
  const answers = rest.map(async (run) => ({ run, answer: await sweep.place.start(["resume", run.id]).answer }));
  for (const { run, answer } of await Promise.all(answers))
    must(answer.status === 0, "lost", `run ${run.id} is not resumed: ${answer.told.slice(-600)}`);
}

async function struckSweep(sweep: Sweep, dice: Dice, counter: Counter): Promise<{ struck: number }> {
  const { place, blows } = sweep;
  const done = { struck: 0 };
  try {
    const { answer } = place.start(["train", "words.adept.json"]);
    const isBegun = (): boolean => place.hasRuns() && sweep.runs().some((run) => run.record().lastStep !== undefined);
    must(await holds(isBegun, 120_000), "lost", "no run makes a step on a cluster that nobody has struck");
    must(sweep.runs().length === RUNS, "lost", `${sweep.runs().length} of ${RUNS} runs were made`);
    sweep.writeNotes(dice.between(300, 1200));
    done.struck = await strikeAll(dice, sweep, counter);
    await blows.allBack();
    await sweep.untilOver(counter, answer);
    await blows.allBack();
    await sweep.endNotes();
    await sweep.mustLeaveNoJob(counter);
    for (const run of sweep.runs())
      mustHaveEnded(run, { marks: blows.marks.get(run.id), isForgetful: blows.isForgetful, counter });
    for (const run of sweep.runs()) mustBeInOrder(run, sweep.notes.get(run.id) ?? []);
    await resumeRest(sweep);
    await sweep.mustLeaveNoJob(counter);
    for (const run of sweep.runs()) mustBeInOrder(run, sweep.notes.get(run.id) ?? []);
    for (const run of sweep.runs()) mustBeUnbroken(run, await unbroken(), STEPS);
    const check = await place.start(["runs", "check"]).answer;
    must(check.status === 0, "corrupt", `adept runs check: ${check.out.slice(-800)}`);
    return done;
  } catch (error) {
    await sweep.endNotes().catch(() => undefined);
    throw Object.assign(error as Error, { tried: done.struck });
  }
}

/** Ends a cluster of which an episode has failed, and keeps what tells of it. @returns the folder */
function kept(place: SlurmWorkspace, { cluster, blows, end }: Struck): string {
  const folder = mkdtempSync(join(tmpdir(), "adept-campaign-cluster-"));
  writeFileSync(join(folder, "blows.txt"), `${blows.told.join("\n")}\n`);
  for (const name of ["logs", "jobcomp.txt"])
    if (existsSync(join(cluster.folder, name)))
      cpSync(join(cluster.folder, name), join(folder, name), { recursive: true });
  end();
  renameSync(place.folder, join(folder, "workspace"));
  return folder;
}

/** A cluster of an episode. */
interface Struck {
  cluster: TestCluster;
  blows: ClusterBlows;
  end: () => void;
}

/**
 * Trains a sweep on a cluster of its own, and meanwhile kills and hangs its tasks, nodes and controller. Each run must
 * end with the bytes of an unbroken one; what Slurm was told to cancel is stopped, and finishes once it is resumed.
 * @returns the number of kills
 */
export async function clusterEpisode(seed: number, episode: number, counter: Counter): Promise<number> {
  const dice = new Dice(seed, "cluster", episode);
  await unbroken();
  // The folder outlives the cluster: its jobs write there.
  const desk = new EpisodeLifetime();
  const room = new EpisodeLifetime();
  try {
    const cluster = startCluster(room, "--nodes", String(NODES), "--cpus", "2")!;
    const place = new SlurmWorkspace(desk, cluster.env, experiment(dice.one([0, 4, 4])));
    const blows = new ClusterBlows(cluster);
    try {
      return (await struckSweep(new Sweep(place, blows), dice, counter)).struck;
    } catch (error) {
      const end = (): void => {
        room.end();
      };
      throw Object.assign(error as Error, { folder: kept(place, { cluster, blows, end }) });
    }
  } finally {
    room.end();
    desk.end();
  }
}
