import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import type * as z from "zod";
import { FrameReader, frameStart, type Frame } from "./frames.ts";
import { Failed, FirstAnswer, type TorchRefused, type TorchTold } from "./torchAnswers.ts";

/** The Python file: beside this file, or beside the bundle that this file is part of. */
const SCRIPT = fileURLToPath(new URL("./adept_torch.py", import.meta.url));
/** How long (ms) a Python may take to import PyTorch; from a slow network drive it takes a minute. */
const PATIENCE = 180_000;
/** How long (ms) a process has to end by itself once its input has ended. */
const GRACE = 3000;
const KEPT_WORDS = 8000;

/** Why a process gives no answers: its last words, and how it ended. */
export class TorchEnded extends Error {
  override readonly name = "TorchEnded";
  constructor(
    /** The last lines of its error stream. */
    readonly lastWords: string,
    /** A signal's name or an exit code. */
    readonly how: string,
  ) {
    super(`the process of PyTorch ended (${how})${lastWords === "" ? "" : `: ${lastWords}`}`);
  }
}

/** A process that did not say in time that it has PyTorch. */
export class TorchLate extends TorchEnded {
  constructor(
    lastWords: string,
    readonly seconds: number,
  ) {
    super(lastWords, `no answer within ${seconds} s`);
  }
}

/** A call that failed inside a process that goes on. */
export class TorchFailed extends Error {
  override readonly name = "TorchFailed";
  constructor(
    readonly kind: "memory" | "error",
    message: string,
    stack: string,
  ) {
    super(message);
    this.stack = `${message}\n${stack}`;
  }
}

/** A Python that has no PyTorch that can be used. */
export class TorchRefusal extends Error {
  override readonly name = "TorchRefusal";
  constructor(readonly refused: TorchRefused) {
    super(`${refused.refused}: ${refused.detail}`);
  }
}

/** What a process is started with. */
export interface TorchStart {
  python: string;
  /** A device of PyTorch, or "auto". */
  device: string;
  /** 0: PyTorch's own choice. */
  threads: number;
  tf32: boolean;
  patience?: number | undefined;
}

/**
 * What the process inherits: everything but what makes Python or PyTorch load code of the user's besides the package,
 * or answer in another way.
 */
function environment(): NodeJS.ProcessEnv {
  const { PYTHONSTARTUP: _startup, PYTHONPATH: _path, PYTHONHOME: _home, ...rest } = process.env;
  return {
    ...rest,
    TORCH_DEVICE_BACKEND_AUTOLOAD: "0",
    // Sums of a GPU have one order only with a workspace of fixed size.
    CUBLAS_WORKSPACE_CONFIG: rest["CUBLAS_WORKSPACE_CONFIG"] ?? ":4096:8",
    // Large tensors come and go at each step: the system would give and take their pages each time.
    MALLOC_MMAP_THRESHOLD_: rest["MALLOC_MMAP_THRESHOLD_"] ?? "33554432",
    MALLOC_TRIM_THRESHOLD_: rest["MALLOC_TRIM_THRESHOLD_"] ?? "536870912",
    // Threads that spin while they wait for one another make a step take over ten times as long where the machine
    // has other work.
    OMP_WAIT_POLICY: rest["OMP_WAIT_POLICY"] ?? "PASSIVE",
    PYTHONUNBUFFERED: "1",
  };
}

interface Waiting {
  resolve: (frame: Frame) => void;
  reject: (error: Error) => void;
}

/** A process of the user's Python with PyTorch, which answers calls in turn. It ends with this process. */
export class TorchProcess {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly reader: FrameReader;
  private readonly waiting: Waiting[] = [];
  private words = "";
  private ended: Error | undefined;
  /** Numbers of held tensors that the next call frees. */
  private freed: number[] = [];
  /** What the process told of PyTorch and device. */
  readonly told: Promise<TorchTold>;

  constructor({ python, device, threads, tf32, patience = PATIENCE }: TorchStart) {
    const token = `\n<adept ${randomBytes(12).toString("hex")}>`;
    this.reader = new FrameReader(token);
    // -I: neither variables of Python nor the working folder decide what is imported.
    this.child = spawn(python, ["-I", "-u", SCRIPT, token, device, String(threads), tf32 ? "tf32" : "exact"], {
      cwd: tmpdir(),
      env: environment(),
      stdio: ["pipe", "pipe", "pipe"],
      windowsHide: true,
    });
    this.listen();
    this.told = this.first(patience);
    // Whoever asks for it hears of a failure; nobody else must.
    this.told.catch(() => undefined);
  }

  private listen(): void {
    const { child } = this;
    child.stdout.on("data", (chunk: Buffer) => {
      this.receive(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      this.words = (this.words + chunk.toString()).slice(-KEPT_WORDS);
    });
    child.stdin.on("error", () => {
      /* it has ended, which its exit tells */
    });
    child.once("error", (error) => {
      this.lose(new TorchEnded(error.message, (error as NodeJS.ErrnoException).code ?? "not started"));
    });
    child.once("close", (code, signal) => {
      this.lose(new TorchEnded(this.lastWords, signal ?? String(code)));
    });
  }

  /** The process's id; undefined where it did not start. */
  get pid(): number | undefined {
    return this.child.pid;
  }

  get isAlive(): boolean {
    return this.ended === undefined;
  }

  /** The last lines of the error stream, without traces' inner lines. */
  private get lastWords(): string {
    return this.words.trim().split("\n").slice(-3).join("\n");
  }

  private async first(patience: number): Promise<TorchTold> {
    const timer = setTimeout(() => {
      this.lose(new TorchLate(this.lastWords, Math.round(patience / 1000)));
      this.kill();
    }, patience);
    try {
      const frame = await new Promise<Frame>((resolve, reject) => {
        this.waiting.push({ resolve, reject });
        if (this.ended !== undefined) reject(this.ended);
      });
      const answer = FirstAnswer.parse(frame.header);
      if ("refused" in answer) throw new TorchRefusal(answer);
      this.rest();
      return answer;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Calls the process.
   * @throws TorchEnded, TorchFailed
   */
  async call<A>(schema: z.ZodType<A>, header: object, pieces: readonly Uint8Array[] = []): Promise<[A, Buffer]> {
    await this.told;
    const frame = await new Promise<Frame>((resolve, reject) => {
      if (this.ended !== undefined) {
        reject(this.ended);
        return;
      }
      this.waiting.push({ resolve, reject });
      this.hold(true);
      const { stdin } = this.child;
      stdin.cork();
      stdin.write(frameStart({ ...header, free: this.freed.splice(0) }, pieces));
      for (const piece of pieces) stdin.write(piece);
      stdin.uncork();
    });
    this.rest();
    const failed = Failed.safeParse(frame.header);
    if (failed.success) {
      const { kind, message, stack } = failed.data.error;
      throw new TorchFailed(kind, message, stack);
    }
    return [schema.parse(frame.header), frame.data];
  }

  /** Frees a tensor that the process holds, with the next call. */
  free(held: number): void {
    if (this.isAlive) this.freed.push(held);
  }

  /** The process keeps this one alive only while a call is unanswered. */
  private rest(): void {
    if (this.waiting.length === 0) this.hold(false);
  }

  private hold(isHeld: boolean): void {
    const { stdin, stdout, stderr } = this.child;
    for (const each of [this.child, stdin, stdout, stderr] as unknown as { ref?(): void; unref?(): void }[]) {
      if (isHeld) each.ref?.();
      else each.unref?.();
    }
  }

  private receive(chunk: Buffer): void {
    try {
      for (const frame of this.reader.push(chunk)) this.waiting.shift()?.resolve(frame);
    } catch (error) {
      this.lose(new TorchEnded(error instanceof Error ? error.message : String(error), "no frame"));
      this.kill();
    }
  }

  private lose(error: Error): void {
    this.ended ??= error;
    for (const { reject } of this.waiting.splice(0)) reject(this.ended);
  }

  private kill(): void {
    this.child.kill("SIGKILL");
  }

  /** Ends the process. */
  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null || this.child.pid === undefined) return;
    const gone = new Promise<void>((resolve) => {
      this.child.once("close", () => {
        resolve();
      });
    });
    this.hold(true);
    this.child.stdin.end();
    const timer = setTimeout(() => {
      this.kill();
    }, GRACE);
    await gone;
    clearTimeout(timer);
  }
}
