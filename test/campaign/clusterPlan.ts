import type { Dice } from "./dice.ts";

/** What happens to a cluster, or to one task on it. */
const KINDS = {
  /** A person's or Slurm's word that a task is to start again. */
  task: [
    "scontrol requeue",
    "scontrol requeue",
    "scontrol requeue",
    "scancel --signal=TERM, then requeue",
    "scancel --signal=TERM, then requeue",
    "scancel --signal=TERM, then KILL of its script",
    "scancel --signal=KILL of its script",
    "scancel --signal=KILL --full",
    "scancel",
  ],
  node: ["node without power", "node without power", "node hangs", "slurmd killed"],
  controller: ["slurmctld killed", "slurmctld hangs"],
} as const;
export type Kind = (typeof KINDS)[keyof typeof KINDS][number];
export type TaskKind = (typeof KINDS)["task"][number];
export type NodeKind = (typeof KINDS)["node"][number];
export type ControllerKind = (typeof KINDS)["controller"][number];

export const isTaskKind = (kind: Kind): kind is TaskKind => KINDS.task.some((each) => each === kind);
export const isNodeKind = (kind: Kind): kind is NodeKind => KINDS.node.some((each) => each === kind);

export type When = "a task's start" | "a checkpoint" | "a run's end" | "some time" | "waiting in the queue";

/** One kill. */
export interface Blow {
  kind: Kind;
  when: When;
  /** Which of the runs that the moment fits is meant, from 0. */
  victim: number;
  /** The node that is meant where the run has none, from 1. */
  node: number;
  /** Milliseconds after the moment. */
  delay: number;
  /** Milliseconds after which what is gone, or hangs, comes back; after a TERM: until the next word. */
  gap: number;
  /** Whether it comes with the one before, without waiting for a moment of its own. */
  together: boolean;
}

/** Milliseconds of one step in an episode, and the steps between two checkpoints. */
export const STEP_MS = 220;
export const CHECKPOINT = 10;
export const NODES = 3;

/** A checkpoint is written after the sleep of its step. */
const DELAYS: Readonly<Record<When, (dice: Dice) => number>> = {
  "a task's start": (dice) => dice.below(2500),
  "a checkpoint": (dice) => dice.between(STEP_MS - 120, STEP_MS + 60),
  "a run's end": (dice) => dice.below(900),
  "some time": (dice) => dice.below(7000),
  "waiting in the queue": (dice) => dice.below(3000),
};
/** What meets a run that waits: a task that has not begun can be neither requeued nor sent a signal. */
const OF_WAITING = ["scancel", "slurmctld killed", "slurmctld hangs", "node without power"] as const;

function kindOf(dice: Dice): Kind {
  const part = dice.one(["task", "task", "task", "task", "node", "node", "controller"] as const);
  return dice.one<Kind>(KINDS[part]);
}

function blow(dice: Dice): Blow {
  const when = dice.one<When>([
    "a task's start",
    "a task's start",
    "a checkpoint",
    "a checkpoint",
    "a checkpoint",
    "a run's end",
    "some time",
    "some time",
    "waiting in the queue",
  ]);
  const kind = when === "waiting in the queue" ? dice.one<Kind>(OF_WAITING) : kindOf(dice);
  return {
    kind,
    when,
    victim: dice.below(1000),
    node: dice.between(1, NODES),
    delay: DELAYS[when](dice),
    // Below and above the 15 s after which the controller takes a silent node for dead.
    gap: isTaskKind(kind) ? dice.between(1500, 6000) : dice.between(2000, 26_000),
    together: dice.chance(0.2),
  };
}

/** All kills of an episode, drawn before it begins: what comes next does not depend on how fast things go. */
export function plan(dice: Dice): Blow[] {
  return Array.from({ length: dice.between(6, 10) }, () => blow(dice));
}
