import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { interval } from "../bench/report/benchRow.ts";
import { figures, speedRatio } from "../bench/report/figures.ts";
import { inTurn, times } from "../bench/sides/rounds.ts";
import type { Answer } from "../bench/sides/side.ts";
import { AnsweringSide, SideMemory, type OwnMode, type PeerMode } from "./answering.ts";
import { tellRow, type PartMessage } from "./checkRow.ts";
import { writeModelFolder } from "./modelFolder.ts";
import type { ModelShape } from "./modelShape.ts";
import { PEER } from "./places.ts";

/** What a part of steps is given, as a file. */
export interface StepPlan {
  shape: ModelShape;
  /** The folder to write the model in. */
  folder: string;
  device: string;
  threads: number;
  own: readonly OwnMode[];
  peers: readonly PeerMode[];
  /** The peer that compiles, which is started long before the others are measured. */
  compiled: PeerMode;
}

/** What each of our modes is compared with. */
const RIVALS: Readonly<Record<OwnMode, readonly PeerMode[]>> = {
  fp32: ["eager", "compile"],
  bf16: ["autocast", "narrow", "compile-narrow"],
};
const NAMES: Readonly<Record<PeerMode, string>> = {
  eager: "PyTorch eager",
  compile: "torch.compile",
  autocast: "PyTorch eager, bf16 autocast",
  narrow: "PyTorch eager in bf16",
  "compile-narrow": "torch.compile in bf16",
  free: "",
};
/** Sides in fp32 agree in loss and gradient norm to the first; the loss in bf16 is that of the peer to the second. */
const AGREEMENT = { fp32: 1e-3, bf16: 2e-2 };
/** Steps before anything is kept: the engine records its kernels in the third. */
const WARM_UP = 4;
const MOST_ROUNDS = 24;
const LEAST_ROUNDS = 3;

/** A side that made its first steps. */
interface Started<M> {
  mode: M;
  side: AnsweringSide;
  /** MB of the device that this project's process took; of a peer, what its allocator says. */
  megabytes: number;
}

const isOwn = (mode: OwnMode | PeerMode): mode is OwnMode => mode in RIVALS;
/** On a processor what is compiled takes the backend that compiles no C++, which would take minutes. */
const nameOf = (mode: OwnMode | PeerMode, device: string): string => {
  if (isOwn(mode)) return `ADePT Lab in ${mode}`;
  return `${NAMES[mode]}${mode === "compile" && device === "cpu" ? " (aot_eager)" : ""}`;
};

export class StepPart {
  private readonly row: { bench: string; case: string; unit: string };
  private compiled: Promise<Started<PeerMode> | undefined> | undefined;
  private compiling: AnsweringSide | undefined;
  private isHurried = false;
  private isPrepared = false;

  constructor(private readonly plan: StepPlan) {
    this.row = { bench: "step", case: plan.shape.name, unit: "ms" };
  }

  /** Writes the model and starts what compiles; says when both are done. */
  async prepare(): Promise<void> {
    const { folder, shape, device } = this.plan;
    writeModelFolder(folder, shape);
    const made = spawnSync(process.env["ADEPT_PYTHON"]!, [PEER, "make", folder, device], { encoding: "utf8" });
    if (made.status !== 0) throw new Error(`the model was not written: ${made.stderr.trim().split("\n").at(-1)}`);
    this.compiled = this.compile();
    await this.compiled;
    this.isPrepared = true;
    process.send!({ isReady: true } satisfies PartMessage);
  }

  private async compile(): Promise<Started<PeerMode> | undefined> {
    const { folder, device, threads, compiled: mode } = this.plan;
    this.compiling = AnsweringSide.peer(folder, mode, device, threads);
    return this.firstSteps(this.compiling, mode);
  }

  /** Ends what still compiles; a side that has made its steps stays. */
  hurry(): void {
    if (this.isPrepared) return;
    this.isHurried = true;
    this.compiling?.kill();
  }

  /** The side after its first steps; undefined, and told, where it cannot make them. */
  private async firstSteps<M extends OwnMode | PeerMode>(
    side: AnsweringSide,
    mode: M,
  ): Promise<Started<M> | undefined> {
    try {
      let last: Answer | undefined;
      for (let i = 0; i < WARM_UP; i++) last = await side.ask({ call: "step", batch: 0 });
      return { mode, side, megabytes: last!.megabytes };
    } catch (error) {
      side.kill();
      const late = side === this.compiling && this.isHurried;
      const why = error instanceof Error ? error.message : String(error);
      const peer = { peer: { name: nameOf(mode, this.plan.device) } };
      if (late) tellRow({ ...this.row, ...peer, state: "left out", note: "left out: it was still compiling" });
      else if (error instanceof SideMemory)
        tellRow({
          ...this.row,
          ...peer,
          state: "left out",
          note: `left out, the device's memory is not enough: ${why}`,
        });
      else tellRow({ ...this.row, ...peer, state: "failed", note: why });
      return undefined;
    }
  }

  /** Our sides one after the other, so that what each takes of the device's memory is known. */
  private async startOwn(): Promise<Started<OwnMode>[]> {
    const { folder, device, threads, own } = this.plan;
    const probe = AnsweringSide.peer(folder, "free", device, 0);
    const found: Started<OwnMode>[] = [];
    try {
      for (const mode of own) {
        const before = (await probe.ask({ call: "free" })).free!;
        const side = await this.firstSteps(AnsweringSide.own(folder, mode, device, threads), mode);
        const taken = before - (await probe.ask({ call: "free" })).free!;
        // A processor has no memory of its own: there the process tells.
        if (side !== undefined) found.push(before > 0 ? { ...side, megabytes: taken } : side);
      }
    } finally {
      probe.end();
    }
    return found;
  }

  private async startPeers(): Promise<Started<PeerMode>[]> {
    const { folder, device, threads, peers } = this.plan;
    // They import PyTorch at the same time, and step in turn.
    const sides = peers.map((mode) => ({ mode, side: AnsweringSide.peer(folder, mode, device, threads) }));
    const found: Started<PeerMode>[] = [];
    for (const { mode, side } of sides) {
      const started = await this.firstSteps(side, mode);
      if (started !== undefined) found.push(started);
    }
    const compiled = await this.compiled;
    return compiled === undefined ? found : [...found, compiled];
  }

  /** Measures steps and generation of every side in turn. */
  async measure(): Promise<void> {
    const own = await this.startOwn();
    const peers = await this.startPeers();
    const sides = [...own, ...peers].map(({ side }) => side);
    const { seconds, newTokens } = this.plan.shape;
    try {
      const steps = await this.rounds(sides, { call: "step", batch: 0 }, 0.6 * seconds);
      this.tell("step", { own, peers, found: steps });
      // Generation is not compiled: it would be for each length anew.
      const decoding = sides.filter((side) => side !== this.compiling);
      const texts = await this.rounds(decoding, { call: "generate", batch: 0, maxTokens: newTokens }, 0.4 * seconds);
      this.tell("generation", { own, peers, found: texts });
    } finally {
      for (const side of sides) side.end();
    }
  }

  /** As many rounds as fit the time, by what one takes. */
  private async rounds(
    sides: readonly AnsweringSide[],
    asked: Parameters<AnsweringSide["ask"]>[0],
    seconds: number,
  ): Promise<Map<AnsweringSide, Answer[]>> {
    const first = await inTurn(sides, () => asked as never, { rounds: 1, warmUp: 1 });
    const round = [...first.values()].reduce((sum, [answer]) => sum + answer!.milliseconds, 0) / 1000;
    const count = Math.floor(seconds / Math.max(round, 1e-3));
    const rounds = Math.min(MOST_ROUNDS, Math.max(LEAST_ROUNDS, count));
    return inTurn(sides, () => asked as never, { rounds, warmUp: 0 });
  }

  private tell(
    bench: "step" | "generation",
    { own, peers, found }: { own: Started<OwnMode>[]; peers: Started<PeerMode>[]; found: Map<AnsweringSide, Answer[]> },
  ): void {
    for (const ours of own)
      for (const peer of peers.filter(({ mode, side }) => RIVALS[ours.mode].includes(mode) && found.has(side))) {
        const [a, b] = [found.get(ours.side)!, found.get(peer.side)!];
        const said = bench === "step" ? comparedSteps(ours.mode, a.at(-1)!, b.at(-1)!) : comparedTexts(a, b);
        tellRow({
          ...this.row,
          bench,
          case: `${this.row.case}, ${ours.mode}`,
          state: said.isEqual ? "done" : "failed",
          ours: figures(times(a)),
          peer: { name: nameOf(peer.mode, this.plan.device), figures: figures(times(b)) },
          ratio: interval(speedRatio(times(a), times(b))),
          ...(bench === "step" && { memory: { ours: ours.megabytes, peer: peer.megabytes } }),
          note: said.note,
        });
      }
  }
}

function comparedSteps(mode: OwnMode, ours: Answer, theirs: Answer): { isEqual: boolean; note: string } {
  const apart = (key: "loss" | "norm"): number => Math.abs(ours[key]! / theirs[key]! - 1);
  // In bf16 small gradients differ by more than what can be asked of them.
  const keys = mode === "fp32" ? (["loss", "norm"] as const) : (["loss"] as const);
  const isEqual = keys.every((key) => apart(key) <= AGREEMENT[mode]);
  const note = `loss ${ours.loss!.toPrecision(6)} and ${theirs.loss!.toPrecision(6)}, gradient norm ${ours.norm!.toPrecision(5)} and ${theirs.norm!.toPrecision(5)}`;
  return { isEqual, note: isEqual ? note : `NOT THE SAME: ${note}` };
}

/** The share of rows with the same tokens; random weights have near-ties, so that it is told alone. */
function comparedTexts(ours: readonly Answer[], theirs: readonly Answer[]): { isEqual: boolean; note: string } {
  const [a, b] = [ours.at(-1)!.ids!, theirs.at(-1)!.ids!];
  const same = a.filter((row, i) => row.join() === b[i]?.join()).length;
  const isWhole = a.length === b.length && a.every((row, i) => row.length === b[i]!.length);
  return { isEqual: isWhole, note: `the same tokens in ${same} of ${a.length} rows` };
}

/** Prepares, waits for the word, measures: `steps PLAN-FILE`. */
export async function stepPart([file]: readonly string[]): Promise<void> {
  const part = new StepPart(JSON.parse(readFileSync(file!, "utf8")) as StepPlan);
  const go = new Promise<void>((resolve) => {
    process.on("message", (word: string) => {
      if (word === "hurry") part.hurry();
      else resolve();
    });
  });
  await part.prepare();
  await go;
  await part.measure();
}
