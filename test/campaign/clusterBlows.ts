import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { pointerOf, SubmissionFolder } from "../../src/executor/slurm/submission.ts";
import { isOver } from "../../src/record/record.ts";
import type { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import type { TestCluster } from "../slurm/testCluster.ts";
import { isNodeKind, isTaskKind, NODES, type Blow, type ControllerKind, type NodeKind } from "./clusterPlan.ts";
import { pause, until } from "./workspace.ts";

/** What was done to a run, by which its end is judged. */
export interface Marks {
  /** When Slurm has taken the word to cancel its task, milliseconds since the epoch; never, once it was requeued. */
  cancelledAt?: number;
  /** Whether Slurm was asked to cancel it, which it may have refused. */
  isAsked?: boolean;
  /** Whether the processes of its task were killed without a word to Slurm, which takes that for a failure. */
  isKilled?: boolean;
}

/** The job of a run as Slurm's commands take it; undefined where none was made. */
export function jobOf(run: RunDirectory): string | undefined {
  const pointer = pointerOf(run);
  if (pointer === undefined) return undefined;
  const submission = new SubmissionFolder(dirname(run.path), pointer.submission);
  const outcome = submission.outcome();
  if (outcome === undefined || !("job" in outcome)) return undefined;
  return (submission.intent()?.tasks.length ?? 0) > 1 ? `${outcome.job}_${pointer.index}` : outcome.job;
}

const DAEMON = "slurmctld";
/** How a blow begins and ends, in the words of slurm-node.sh. */
const WORDS = {
  "node without power": ["kill", "start"],
  "node hangs": ["freeze", "thaw"],
  "slurmd killed": ["crash", "revive"],
  "slurmctld killed": ["kill", "start"],
  "slurmctld hangs": ["freeze", "thaw"],
} as const satisfies Record<NodeKind | ControllerKind, readonly [string, string]>;
/** So many nodes may be away at once; the longest that one is (ms), with what it takes to tell. */
const MOST_AWAY = 2;
const PATIENCE = 60_000;

/** Strikes the tasks, nodes and the controller of a cluster, and has all come back. */
export class ClusterBlows {
  /** Runs by their id. */
  readonly marks = new Map<string, Marks>();
  /** What was done, and what Slurm said to it. */
  readonly told: string[] = [];
  /** Whether the controller was ever killed: it may have forgotten what it was told last. */
  isForgetful = false;
  private readonly away = new Set<string>();
  private readonly returns: Promise<void>[] = [];
  private failure: Error | undefined;

  constructor(private readonly cluster: TestCluster) {}

  /** Calls one of Slurm's commands. */
  slurm(command: string, ...args: string[]): Promise<{ ok: boolean; text: string }> {
    return new Promise((resolve) => {
      execFile(command, args, { env: this.cluster.env, timeout: PATIENCE, encoding: "utf8" }, (error, out, told) => {
        resolve({ ok: error === null, text: `${out}${told}`.trim() });
      });
    });
  }

  private tell(what: string): void {
    this.told.push(`${new Date().toISOString()} ${what}`);
  }

  private mark(run: RunDirectory, marks: Marks): void {
    this.marks.set(run.id, { ...this.marks.get(run.id), ...marks });
  }

  private later(gap: number, act: () => void | Promise<void>): void {
    this.returns.push(
      pause(gap)
        .then(act)
        .catch((error: unknown) => {
          this.failure ??= error as Error;
        }),
    );
  }

  /** Strikes once, as soon as what is to be struck is there. */
  async strike(blow: Blow, run: RunDirectory): Promise<void> {
    if (isTaskKind(blow.kind)) await this.strikeTask(blow, run);
    else if (isNodeKind(blow.kind)) await this.strikeNode(blow, run);
    else {
      await this.untilAnswered();
      this.takeAway(DAEMON, blow);
    }
  }

  private async untilAnswered(): Promise<void> {
    if (!(await until(() => !this.away.has(DAEMON), PATIENCE))) throw new Error("the controller did not come back");
  }

  private async say(run: RunDirectory, command: string, ...args: string[]): Promise<boolean> {
    await this.untilAnswered();
    const job = jobOf(run);
    if (job === undefined) return false;
    const { ok, text } = await this.slurm(command, ...args, job);
    this.tell(`${run.id}: ${command} ${args.join(" ")} ${job}${text === "" ? "" : `: ${text}`}`);
    return ok;
  }

  /** Has Slurm start a task again: also one that it was told to cancel, while that has not ended on its node. */
  private async requeue(run: RunDirectory): Promise<void> {
    const isTaken = await this.say(run, "scontrol", "requeue");
    if (isTaken && this.marks.get(run.id)?.isAsked === true) this.mark(run, { cancelledAt: Infinity });
  }

  private async strikeTask({ kind, gap }: Blow, run: RunDirectory): Promise<void> {
    const killScript = async (): Promise<void> => {
      this.mark(run, { isKilled: true });
      await this.say(run, "scancel", "--signal=KILL", "--batch");
    };
    if (kind === "scontrol requeue") await this.requeue(run);
    else if (kind === "scancel" || kind === "scancel --signal=KILL --full") {
      const isTaken = await this.say(run, "scancel", ...(kind === "scancel" ? [] : ["--signal=KILL", "--full"]));
      this.mark(run, { isAsked: true, ...(isTaken && { cancelledAt: Date.now() }) });
    } else if (kind === "scancel --signal=KILL of its script") await killScript();
    else {
      await this.say(run, "scancel", "--signal=TERM", "--full");
      this.later(gap, async () => {
        // Whoever was asked to leave stays until it is killed, as after a time of grace.
        if (isOver(run.record().status)) return;
        if (kind.endsWith("requeue")) await this.requeue(run);
        else await killScript();
      });
    }
  }

  private async strikeNode(blow: Blow, run: RunDirectory): Promise<void> {
    const wanted = run.record().place?.node ?? `n${blow.node}`;
    const others = Array.from({ length: NODES }, (_, i) => `n${i + 1}`);
    const nodesAway = (): number => [...this.away].filter((name) => name !== DAEMON).length;
    if (!(await until(() => nodesAway() < MOST_AWAY, PATIENCE))) throw new Error("no node came back");
    this.takeAway(
      [wanted, ...others].find((name) => !this.away.has(name))!,
      blow,
    );
  }

  private takeAway(name: string, { kind, gap }: Blow): void {
    const [first, last] = WORDS[kind as NodeKind | ControllerKind];
    this.away.add(name);
    this.isForgetful ||= kind === "slurmctld killed";
    this.tell(`${name}: ${first}`);
    this.cluster.node(name, first);
    this.later(gap, () => {
      this.tell(`${name}: ${last}`);
      this.cluster.node(name, last);
      this.away.delete(name);
    });
  }

  /** Waits until all has come back. */
  async allBack(): Promise<void> {
    for (let done = 0; done < this.returns.length;) done = (await Promise.all(this.returns)).length;
    if (this.failure !== undefined) throw this.failure;
  }
}
