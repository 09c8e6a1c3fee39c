import type { Value } from "../../graph/value.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";
import type { Engine } from "../engine.ts";
import type { EngineSpec } from "../engineSpec.ts";
import { HeldLost, HeldTensor, type HeldPlace } from "../heldTensor.ts";
import type { HostTensor, Program, WeightLocation } from "../program.ts";
import { placed, type TensorForm } from "./frames.ts";
import { Compiled, Memory, Ran, type TorchTold } from "./torchAnswers.ts";
import { lowerToTorch, TORCH_FUSED, type Compute, type TorchModule } from "./torchGraph.ts";
import { TorchEnded, TorchFailed, type TorchProcess } from "./torchProcess.ts";
import { SharedTorch } from "./sharedTorch.ts";
import { explainTorch } from "./torchTrouble.ts";
import * as z from "zod";

/** How often in a row a process that ended is started again for the same call. */
const MOST_RESTARTS = 2;

/** The tensor of a form in the data of an answer, copied out of the pipe's buffer where its place is odd. */
function tensorAt({ type, dims }: Omit<TensorForm, "at" | "name">, data: Buffer, at: number): [HostTensor, number] {
  const count = dims.reduce((a, b) => a * b, 1);
  const size = type === "bool" ? 1 : 4;
  const bytes = data.subarray(at, at + count * size);
  if (bytes.length < count * size) throw new RangeError("an answer is shorter than its tensors");
  const own = bytes.byteOffset % size === 0 ? bytes : Buffer.from(bytes);
  const of = { float32: Float32Array, int32: Int32Array, bool: Uint8Array }[type];
  return [{ data: new of(own.buffer as ArrayBuffer, own.byteOffset, count), dims }, count * size];
}

/** What of a weight's location the process reads; JSON leaves out what is undefined. */
const placeOf = ({ file, offset, bytes, dims, type, scales, group, offsets }: WeightLocation): object => ({
  file,
  offset,
  bytes,
  dims,
  type,
  scales,
  group,
  offsets,
});

/** A model's share of a process; one that ended is replaced at the next call. */
class TorchSession {
  private share: SharedTorch | undefined;
  private acquiring: Promise<SharedTorch> | undefined;
  private readonly notes: Phrase[] = [];

  constructor(private readonly spec: EngineSpec) {}

  /** What the process told; undefined before the first call. */
  get told(): TorchTold | undefined {
    return this.share?.started.told;
  }

  async opened(): Promise<TorchProcess> {
    if (this.share?.started.process.isAlive !== true) {
      this.share?.release();
      this.acquiring ??= SharedTorch.acquire(this.spec);
      try {
        this.share = await this.acquiring;
      } finally {
        this.acquiring = undefined;
      }
    }
    return this.share.started.process;
  }

  note(note: Phrase): void {
    this.notes.push(note);
  }

  /** See Engine.takeNotes. */
  takeNotes(): Phrase[] {
    return this.notes.splice(0);
  }

  end(): void {
    this.share?.release();
    this.share = undefined;
  }
}

/** A tensor that a process holds. */
class TorchPlace implements HeldPlace {
  constructor(
    readonly process: TorchProcess,
    readonly number: number,
  ) {}

  free(): void {
    this.process.free(this.number);
  }
}

interface HeldForm {
  name: string;
  held: number;
  rows?: readonly number[];
}

/** @throws HeldLost where another process held the tensor */
function heldForm(name: string, { place, rows }: HeldTensor, process: TorchProcess): HeldForm {
  if (!(place instanceof TorchPlace) || place.process !== process)
    throw new HeldLost(`${name} was held by a process that ended`);
  return { name, held: place.number, ...(rows !== undefined && { rows }) };
}

class TorchProgram implements Program {
  private number: number | undefined;
  private owner: TorchProcess | undefined;

  constructor(
    private readonly session: TorchSession,
    private readonly module: TorchModule,
    private readonly spec: EngineSpec,
  ) {}

  /** Compiles the program before its first run. @throws UserError as `run` */
  async prepare(): Promise<void> {
    await this.again(() => this.compiled());
  }

  /** Compiles the program in the process that is there now. */
  private async compiled(): Promise<{ process: TorchProcess; program: number }> {
    const process = await this.session.opened();
    if (this.owner === process && this.number !== undefined) return { process, program: this.number };
    const { source, weights, constants } = this.module;
    const { forms, pieces } = placed(
      Object.fromEntries(constants.map(({ name, data, dims }) => [name, { data, dims }])),
    );
    const [{ program }] = await process.call(
      Compiled,
      {
        call: "compile",
        source,
        constants: forms,
        weights: weights.map(({ name, as, location }) => ({ name, as, ...placeOf(location) })),
      },
      pieces,
    );
    this.owner = process;
    this.number = program;
    return { process, program };
  }

  run(feeds: Readonly<Record<string, HostTensor>>, hosted?: readonly string[]): Promise<Record<string, HostTensor>> {
    return this.again(() => this.once(feeds, hosted));
  }

  /**
   * Starts a process that was killed again, and repeats what it was asked: nothing of a training step lives in it, so
   * the step is the same.
   */
  private async again<R>(work: () => Promise<R>): Promise<R> {
    for (let attempt = 0; ; attempt++)
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof TorchEnded) || attempt === MOST_RESTARTS) throw explainTorch(error, this.spec);
        this.session.note(phrase`The process of PyTorch ended (${error.how}) and was started again`);
      }
  }

  private async once(
    feeds: Readonly<Record<string, HostTensor>>,
    hosted: readonly string[] | undefined,
  ): Promise<Record<string, HostTensor>> {
    const { process, program } = await this.compiled();
    const own: Record<string, HostTensor> = {};
    const held: HeldForm[] = [];
    for (const { name } of this.module.inputs) {
      const feed = feeds[name];
      if (feed === undefined) throw new Error(`the program wants ${name}`);
      if (feed instanceof HeldTensor) held.push(heldForm(name, feed, process));
      else own[name] = feed;
    }
    const { forms, pieces } = placed(own);
    const asked = { call: "run", program, feeds: forms, held, ...(hosted !== undefined && { hosted }) };
    const [{ results, notes = [] }, data] = await process.call(Ran, asked, pieces);
    for (const note of notes)
      this.session.note(phrase`PyTorch starts each kernel by itself, since it cannot record them: ${note}`);
    const found: Record<string, HostTensor> = {};
    let at = 0;
    for (const { name, held: number, ...form } of results) {
      if (number !== undefined) {
        found[name] = new HeldTensor(new TorchPlace(process, number), form.dims);
        continue;
      }
      const [tensor, length] = tensorAt(form, data, at);
      found[name] = tensor;
      at += length;
    }
    if (at !== data.length) throw new RangeError("an answer is longer than its tensors");
    return found;
  }

  async release(): Promise<void> {
    const { owner, number } = this;
    this.owner = undefined;
    if (owner?.isAlive !== true || number === undefined) return;
    try {
      await owner.call(z.object({}), { call: "release", program: number });
    } catch (error) {
      // Its process is gone, and the program with it.
      if (!(error instanceof TorchEnded) && !(error instanceof TorchFailed)) throw error;
    }
  }
}

const nameOf = (told: TorchTold | undefined, compute: Compute): string => {
  if (told === undefined) return "PyTorch";
  const place = told.device === "cpu" ? "CPU" : `${told.device}, ${told.name}`;
  return `PyTorch ${told.torch} ${place}${compute === "bf16" ? ", bf16" : ""}`;
};

/**
 * Opens PyTorch in a process of the user's Python, which is started at the first use.
 */
export function torchEngine(spec: EngineSpec): Engine {
  const session = new TorchSession(spec);
  const compute = spec.compute === "bf16" ? "bf16" : "fp32";
  return {
    get name() {
      return nameOf(session.told, compute);
    },
    fused: TORCH_FUSED,
    async start() {
      await session.opened();
    },
    async compile(outputs: Readonly<Record<string, Value>>, weights: ReadonlyMap<string, WeightLocation>) {
      const program = new TorchProgram(session, lowerToTorch(outputs, weights, compute), spec);
      await program.prepare();
      return program;
    },
    async memory() {
      const process = await session.opened();
      const [{ free, total, peak }] = await process.call(Memory, { call: "memory" });
      return free === undefined || total === undefined ? undefined : { free, total, peak: peak ?? 0 };
    },
    takeNotes: () => session.takeNotes(),
    release: () => {
      session.end();
      return Promise.resolve();
    },
  };
}
