import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { nextStart, type StartRequest } from "../../../src/record/admittedStart.ts";
import type { NewRunEvent, RunEvent } from "../../../src/record/events.ts";
import { foldEvents } from "../../../src/record/foldEvents.ts";
import { isLive, isWaiting, type RunRecord } from "../../../src/record/record.ts";
import { claimRun, type ClaimableRun, type Clock } from "../../../src/worker/train/claimRun.ts";

/** A process of the model. It dies at a drawn one of its steps, or never. */
interface Party {
  name: string;
  dies: number | undefined;
  steps: number;
}
/** Ends a party that has died: its next step is never made. */
class Died extends Error {}
class Busy extends Error {}

interface Written {
  event: RunEvent;
  by: Party;
  /** How many events the journal had when somebody decided on the start that wrote this. */
  decidedAt: number;
}
type Claim = (run: ClaimableRun, request: StartRequest, clock: Clock) => Promise<number | undefined>;

/** One run with its journal and its lease. Every access of a party is one step, and the scheduler orders the steps. */
class World {
  readonly journal: Written[] = [];
  private lease: Party | undefined;
  private time = 0;
  readonly started: Promise<void>[] = [];

  constructor(
    private readonly scheduler: fc.Scheduler,
    private readonly claim: Claim,
  ) {}

  async step<T>(party: Party, what: string, work: () => T): Promise<T> {
    await this.scheduler.schedule(Promise.resolve(), `${party.name} ${what}`);
    if (party.steps++ === party.dies) throw new Died();
    return work();
  }
  private isAlive = ({ dies, steps }: Party): boolean => dies === undefined || steps <= dies;
  private isHeld = (): boolean => this.lease !== undefined && this.isAlive(this.lease);
  record = (): RunRecord => foldEvents(this.journal.map(({ event }) => event));

  private take(party: Party): boolean {
    if (this.isHeld() && this.lease !== party) return false;
    this.lease = party;
    return true;
  }
  append(party: Party, decidedAt: number, event: NewRunEvent): void {
    this.journal.push({ event: { ...event, time: this.time++ }, by: party, decidedAt });
  }

  /** A worker that was started for a number. It claims the run, makes two steps, and ends it. */
  async worker(party: Party, number: number, decidedAt: number): Promise<void> {
    const run: ClaimableRun = {
      record: () => this.step(party, "reads", this.record),
      acquireLease: () => this.step(party, "takes", () => this.take(party)),
      releaseLease: () =>
        this.step(party, "releases", () => {
          this.lease = undefined;
        }),
      isWorkerAlive: () => this.step(party, "looks", this.isHeld),
      leaseOfEarlierStart: () => undefined,
      busyError: () => new Busy() as never,
    };
    const clock: Clock = {
      now: () => this.time,
      pause: () =>
        this.step(party, "waits", () => {
          /* others go on */
        }),
    };
    const start = await this.claim(run, { number }, clock);
    if (start === undefined) return;
    for (const status of ["preparing", "running", "evaluating", "finished"] as const)
      await this.step(party, status, () => {
        this.append(party, decidedAt, { type: "status", status, start });
      });
    await run.releaseLease();
  }

  /** Starts a worker, which lives on when the party that started it dies. */
  private start(
    name: string,
    dies: number | undefined,
    { number, decidedAt }: { number: number; decidedAt: number },
  ): void {
    this.started.push(quiet(this.worker({ name, dies, steps: 0 }, number, decidedAt)));
  }
  private seen = (): [record: RunRecord, at: number] => [this.record(), this.journal.length];

  /** A queue: marks a run whose worker has died, and starts what waits by the record that it has read. */
  async queue(party: Party, deaths: readonly (number | undefined)[]): Promise<void> {
    for (const [i, dies] of deaths.entries()) {
      const [seen, at] = await this.step(party, "reads", this.seen);
      if (isLive(seen.status)) await this.mark(party);
      else if (isWaiting(seen))
        await this.step(party, "starts", () => {
          this.start(`${party.name}'s worker ${i}`, dies, { number: nextStart(seen), decidedAt: at });
        });
    }
  }

  private async mark(party: Party): Promise<void> {
    if (!(await this.step(party, "takes", () => this.take(party)))) return;
    const { status } = await this.step(party, "reads", this.record);
    if (isLive(status))
      await this.step(party, "marks", () => {
        this.append(party, 0, { type: "status", status: "interrupted" });
      });
    await this.step(party, "releases", () => {
      this.lease = undefined;
    });
  }

  /** A person who looks at the run, and resumes it if no worker is at work. */
  async person(party: Party, dies: number | undefined): Promise<void> {
    const [seen, at] = await this.step(party, "reads", this.seen);
    if (await this.step(party, "looks", this.isHeld)) return;
    await this.step(party, "starts", () => {
      this.start(`${party.name}'s worker`, dies, { number: nextStart(seen), decidedAt: at });
    });
  }
}

const quiet = (work: Promise<unknown>): Promise<void> =>
  work.then(
    () => undefined,
    (error: unknown) => {
      if (!(error instanceof Died || error instanceof Busy)) throw error;
    },
  );

/** Checks that each start has its own number and one worker, and that nothing that was over is begun by an old wish. */
function mustBeInOrder(journal: readonly Written[]): void {
  let current: Written | undefined;
  let number = 0;
  let over = -1;
  for (const [at, each] of journal.entries()) {
    const { event, by, decidedAt } = each;
    if (event.type !== "status" || event.status === "interrupted" || event.status === "queued") continue;
    if (event.status === "preparing") {
      assert.ok(event.start! > number, `${by.name} begins start ${event.start} after ${number}`);
      assert.ok(decidedAt > over, `${by.name} begins what was over when it was decided on`);
      number = event.start!;
      current = each;
    }
    assert.equal(by, current?.by, `${by.name} writes in the time of ${current?.by.name}`);
    if (event.status === "finished") over = at;
  }
}

/** Lets two queues and a person act on one queued run, in drawn orders of their steps and with drawn deaths. */
function explore(claim: Claim, runs: number): Promise<void> {
  const death = fc.option(fc.nat(9), { nil: undefined });
  const deaths = fc.array(death, { minLength: 2, maxLength: 3 });
  return fc.assert(
    fc.asyncProperty(fc.scheduler(), deaths, deaths, death, death, death, async (scheduler, ...drawn) => {
      const [first, second, ofPerson, ofFirst, ofSecond] = drawn;
      const world = new World(scheduler, claim);
      const party = (name: string, dies?: number): Party => ({ name, dies, steps: 0 });
      world.append(party("submission"), 0, { type: "status", status: "queued" });
      const parties = [
        quiet(world.queue(party("queue", ofFirst), first)),
        quiet(world.queue(party("successor", ofSecond), second)),
        quiet(world.person(party("person"), ofPerson)),
      ];
      await scheduler.waitFor(Promise.all(parties));
      // A worker may be started while others are waited for.
      for (let i = 0; i < world.started.length; i++) await scheduler.waitFor(world.started[i]!);
      mustBeInOrder(world.journal);
    }),
    { numRuns: runs, seed: 77 },
  );
}

test("whatever the order of steps and deaths of two queues, a person and their workers: each start is one worker's, and nothing that is over is begun", async () => {
  await explore(claimRun, 3000);
});

const MUTANTS: Readonly<Record<string, Claim>> = {
  "looks whether the number is used before it has the lease, and not under it": async (run, { number }, clock) => {
    for (let attempt = 0; attempt < 20; attempt++) {
      if ((await run.record()).start >= number) return undefined;
      if (await run.acquireLease(1, {})) return number;
      await clock.pause(1);
    }
    throw run.busyError();
  },
  "takes the number that is next when it has the lease": async (run, _, clock) => {
    for (let attempt = 0; attempt < 20; attempt++) {
      if (await run.acquireLease(1, {})) return nextStart(await run.record());
      await clock.pause(1);
    }
    throw run.busyError();
  },
  "does not begin what is over, and has no numbers otherwise": async (run, { number }, clock) => {
    for (let attempt = 0; attempt < 20; attempt++) {
      if (await run.acquireLease(1, {})) {
        const { status, start } = await run.record();
        return number > 1 || status !== "finished" ? start + 1 : undefined;
      }
      await clock.pause(1);
    }
    throw run.busyError();
  },
};
for (const [what, claim] of Object.entries(MUTANTS))
  test(`a worker that ${what} is found out`, async () => {
    await assert.rejects(explore(claim, 3000), ({ cause }: Error) =>
      /begins start|begins what was over|writes in the time/.test(String(cause)),
    );
  });
