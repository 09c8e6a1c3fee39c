import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CheckRow } from "./checkRow.ts";
import { patiently, planFor, type CheckPlan } from "./checkPlan.ts";
import { factsHere, type Facts } from "./facts.ts";
import { roomiest } from "./modelFolder.ts";
import { killParts, PartProcess, type PartEnd } from "./partProcess.ts";
import { goldensHere } from "./places.ts";
import type { StepPlan } from "./stepPart.ts";

/** Seconds that a step's part needs beside its rounds: PyTorch is imported and weights are put on the device. */
const START = 30;
/** Seconds kept for ending. */
const RESERVE = 5;

const bytes = (value: number): string => `${(value / 2 ** 30).toFixed(1)} GiB`;

/** What the check of a machine found. */
export interface CheckResult {
  facts: Facts;
  seconds: number;
  rows: readonly CheckRow[];
}

export class Check {
  private readonly began = performance.now();
  private readonly rows: CheckRow[] = [];
  private readonly facts: Facts;
  private readonly plan: CheckPlan;
  private readonly folder: string;

  /** @param patience factor of all time limits */
  constructor(
    patience: number,
    private readonly onRow: (row: CheckRow) => void,
  ) {
    this.facts = factsHere();
    if (this.facts.torch !== undefined) process.env["ADEPT_PYTHON"] = this.facts.torch.executable;
    const goldens = goldensHere();
    if (goldens !== undefined) process.env["ADEPT_GOLDENS"] = goldens;
    const { folder, bytes: room } = roomiest();
    this.folder = mkdtempSync(join(folder, "adept-check-"));
    process.env["TORCHINDUCTOR_CACHE_DIR"] = join(this.folder, "inductor");
    this.plan = patiently(planFor(this.facts, room), patience);
  }

  private readonly add = (row: CheckRow): void => {
    this.rows.push(row);
    this.onRow(row);
  };

  private get elapsed(): number {
    return (performance.now() - this.began) / 1000;
  }

  /** Seconds left for a part, at most `most`. */
  private time(most: number): number {
    return Math.min(most, this.plan.seconds - RESERVE - this.elapsed);
  }

  /** Tells how a part ended, where it did not end well. */
  private settle(what: { bench: string; case: string }, end: PartEnd): void {
    const row = { ...what, unit: "" };
    if (end.kind === "late") this.add({ ...row, state: "left out", note: "ended at its time limit" });
    if (end.kind === "crashed") this.add({ ...row, state: "failed", note: end.why });
  }

  private leaveOut(bench: string, what: string, why: string): void {
    this.add({ bench, case: what, unit: "", state: "left out", note: `left out: ${why}` });
  }

  /** Runs one part within its seconds; leaves it out where fewer than `least` are left. */
  private async part(args: readonly string[], what: { bench: string; case: string }, most: number): Promise<void> {
    const seconds = this.time(most);
    if (seconds < Math.min(15, most)) {
      this.leaveOut(what.bench, what.case, "the time is over");
      return;
    }
    this.settle(what, await new PartProcess(args, this.add).end(seconds));
  }

  private tellMachine(): void {
    const { torch, devices, why } = this.facts;
    const row = { bench: "machine", unit: "", state: "done" } as const;
    this.add({ ...row, case: "engines", note: `onnxruntime and TensorFlow.js: ${devices.join(", ")}` });
    if (torch === undefined) {
      this.leaveOut("machine", "PyTorch", why);
      return;
    }
    const runtime = torch.hip === "" ? torch.cuda : `ROCm ${torch.hip}`;
    const driver = [runtime === "" ? "no CUDA" : `CUDA ${runtime}`, torch.driver && `driver ${torch.driver}`];
    this.add({
      ...row,
      case: "PyTorch",
      note: `${torch.torch}, Python ${torch.python}, ${driver.filter(Boolean).join(", ")}, ${torch.threads} threads`,
    });
    for (const { name, free, total, bf16 } of torch.devices)
      this.add({ ...row, case: name, note: `${bytes(free)} of ${bytes(total)} free${bf16 ? ", bf16" : ""}` });
    if (!this.plan.isGpu) this.leaveOut("machine", "sizes of a GPU", "PyTorch has none here; this is the dry run");
  }

  /** Starts what prepares each model: the file is written, and what compiles does so while other parts run. */
  private prepareSteps(): { part: PartProcess; plan: StepPlan }[] {
    const { shapes, device, threads } = this.plan;
    return shapes.map((each, i) => {
      const plan: StepPlan = { ...each, device, threads, folder: join(this.folder, `model${i}`) };
      const file = join(this.folder, `plan${i}.json`);
      writeFileSync(file, JSON.stringify(plan));
      return { part: new PartProcess(["steps", file], this.add), plan };
    });
  }

  private async goldens(): Promise<void> {
    const { devices, torch } = this.facts;
    if (goldensHere() === undefined) {
      this.leaveOut("goldens", "every engine", "they lie neither in the package nor beside the checkout");
      return;
    }
    const all = [...(torch === undefined ? [] : ["torch"]), ...devices];
    for (const device of all) {
      const seconds = Math.max(5, this.time(this.plan.goldens));
      await this.part(["goldens", device, String(seconds)], { bench: "goldens", case: device }, seconds + 30);
    }
  }

  private async steps(prepared: { part: PartProcess; plan: StepPlan }[]): Promise<void> {
    const rest = Math.max(0, this.plan.preparation - this.elapsed);
    const patience = new AbortController();
    const over = sleep(rest * 1000, undefined, { signal: patience.signal }).catch(() => undefined);
    // Nothing is timed while something compiles.
    await Promise.race([Promise.all(prepared.map(({ part }) => part.ready)), over]);
    patience.abort();
    for (const { part } of prepared) part.say("hurry");
    for (const { part, plan } of prepared) {
      const what = { bench: "step", case: plan.shape.name };
      const seconds = Math.min(this.time(Infinity) - this.plan.latency, plan.shape.seconds + 2 * START);
      if (seconds < START) this.leaveOut("step", plan.shape.name, "the time is over");
      else part.say("go");
      const end = await part.end(seconds < START ? 0 : seconds);
      if (seconds >= START) this.settle(what, end);
      if (plan.shape.name !== "T5-base") rmSync(plan.folder, { recursive: true, force: true });
    }
  }

  private async torchParts(): Promise<void> {
    const { device, length, run, latency, isGpu } = this.plan;
    const prepared = this.prepareSteps();
    await this.goldens();
    await this.part(
      ["run", join(this.folder, "run"), device, length],
      { bench: "run", case: "mail sample, ADePT" },
      run,
    );
    await this.steps(prepared);
    const model = isGpu ? prepared.find(({ plan }) => plan.shape.name === "T5-base")?.plan.folder : undefined;
    await this.part(
      ["latency", join(this.folder, "latency"), model ?? "", device, length],
      { bench: "latency", case: "fold against prompt tuning and DePT" },
      latency,
    );
  }

  /** Runs all parts. */
  async run(): Promise<CheckResult> {
    try {
      this.tellMachine();
      if (this.facts.torch === undefined) await this.goldens();
      else await this.torchParts();
      return { facts: this.facts, seconds: this.elapsed, rows: this.rows };
    } finally {
      this.close();
    }
  }

  /** Ends all parts and removes their files. */
  close(): void {
    killParts();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
