import { spawn, type ChildProcess } from "node:child_process";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { UserError } from "../base/errors.ts";
import { CheckAnswer, Inspection, MemoryAnswer, SizesAnswer, type SetupRequest } from "../protocol/setupQuestions.ts";
import { ENDS_WITH_US } from "./workerProcess.ts";
import {
  EncodedTexts,
  OpenedRun,
  RunReading,
  TokenDetails,
  TokenReply,
  type TokenRequest,
} from "../protocol/heatmapQuestions.ts";

/** A question without an answer yet, and the process that was asked. */
interface Waiting {
  child: ChildProcess;
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}
type Without<R> = R extends { id: number } ? Omit<R, "id"> : never;
type Asked = Without<TokenRequest> | Without<SetupRequest>;
type Question<T extends SetupRequest["type"]> = Omit<Extract<SetupRequest, { type: T }>, "id" | "type">;

/**
 * `workerPath`: the other workers' bundle, which it lies beside; `told`: what the worker writes to its error stream;
 * `idle`, `patience`: ms without a question after which it ends, ms without an answer to one after which it counts as
 * lost.
 */
export interface TokenWorkerOptions {
  workerPath: string;
  nodePath: string;
  onLog: (line: string) => void;
  idle?: number;
  patience?: number;
}

/**
 * The process that turns texts into tokens and their offsets' sizes: started by the first question, ended when none
 * comes, started anew when it was lost.
 */
export class TokenWorker {
  private child: ChildProcess | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;
  private idleTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: TokenWorkerOptions) {}

  /** The process at work, undefined while there is none. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** @throws UserError where the run has no offsets to show */
  async open(run: string): Promise<OpenedRun> {
    return OpenedRun.parse(await this.ask({ type: "open", run }));
  }
  async reading(run: string): Promise<RunReading> {
    return RunReading.parse(await this.ask({ type: "reading", run }));
  }
  async encode(question: Omit<Extract<TokenRequest, { type: "encode" }>, "id" | "type">): Promise<EncodedTexts> {
    return EncodedTexts.parse(await this.ask({ type: "encode", ...question }));
  }
  /** @param place among its text's tokens, where that is known */
  async token(run: string, token: number, place: number | undefined): Promise<TokenDetails> {
    return TokenDetails.parse(await this.ask({ type: "token", run, token, ...(place !== undefined && { place }) }));
  }

  /** Looks at data as a model will get it. @throws UserError where the file or the backbone cannot be read */
  async inspect(question: Question<"inspect">): Promise<Inspection> {
    return Inspection.parse(await this.ask({ type: "inspect", ...question }));
  }
  async sizes(question: Question<"sizes">): Promise<SizesAnswer> {
    return SizesAnswer.parse(await this.ask({ type: "sizes", ...question }));
  }
  /** What training would need of memory, and what is free. */
  async memory(question: Question<"memory">): Promise<MemoryAnswer> {
    return MemoryAnswer.parse(await this.ask({ type: "memory", ...question }));
  }
  async check(question: Question<"check">): Promise<CheckAnswer> {
    return CheckAnswer.parse(await this.ask({ type: "check", ...question }));
  }

  /** Ends the process; a later question starts another. */
  dispose(): void {
    clearTimeout(this.idleTimer);
    this.child?.stdin?.end();
    this.child = undefined;
  }

  /** Ends the process at once, whatever it is at: what was asked of it fails, and the next question starts another. */
  restart(): void {
    const { child } = this;
    this.child = undefined;
    child?.kill("SIGKILL");
  }

  private ask(question: Asked): Promise<unknown> {
    const { patience = 60_000 } = this.options;
    const child = (this.child ??= this.start());
    const id = ++this.last;
    clearTimeout(this.idleTimer);
    return new Promise((resolve, reject) => {
      // One that does not answer is as good as lost.
      const timer = setTimeout(() => {
        child.kill("SIGKILL");
      }, patience);
      this.waiting.set(id, { child, resolve, reject, timer });
      child.stdin?.write(`${JSON.stringify({ id, ...question })}\n`);
    });
  }

  /** Nothing is asked now: it ends if that lasts. */
  private rest(): void {
    clearTimeout(this.idleTimer);
    this.idleTimer = setTimeout(() => {
      this.dispose();
    }, this.options.idle ?? 120_000);
    this.idleTimer.unref();
  }

  private start(): ChildProcess {
    const child = spawn(this.options.nodePath, [join(dirname(this.options.workerPath), "tokens.js"), ...ENDS_WITH_US], {
      stdio: ["pipe", "pipe", "pipe"],
      windowsHide: true,
      env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
    });
    // What was asked of another process meanwhile is that one's to answer.
    const lost = (what: string): void => {
      if (this.child === child) this.child = undefined;
      for (const [id, { child: asked, reject, timer }] of this.waiting)
        if (asked === child) {
          clearTimeout(timer);
          this.waiting.delete(id);
          reject(new UserError(`The token worker ${what}`, "Try again."));
        }
    };
    child.once("error", (error) => {
      lost(`did not start: ${error.message}`);
    });
    child.once("exit", (code, signal) => {
      lost(`ended (${signal ?? String(code)})`);
    });
    // A write to a process that has just ended is told by its exit.
    child.stdin.on("error", () => {
      /* see exit */
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.receive(line);
    });
    createInterface({ input: child.stderr }).on("line", this.options.onLog);
    return child;
  }

  private receive(line: string): void {
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      this.options.onLog(`unreadable answer: ${line.slice(0, 200)}`);
      return;
    }
    const parsed = TokenReply.safeParse(json);
    const waiting = parsed.success ? this.waiting.get(parsed.data.id) : undefined;
    if (!parsed.success || waiting === undefined) return;
    const { id, error, result } = parsed.data;
    clearTimeout(waiting.timer);
    this.waiting.delete(id);
    // It works through its questions in order: the time of the others begins with this answer.
    for (const { child, timer } of this.waiting.values()) if (child === waiting.child) timer.refresh();
    if (this.waiting.size === 0) this.rest();
    if (error === undefined) waiting.resolve(result);
    else waiting.reject(error.bug ? new Error(error.message) : new UserError(error.message, error.action));
  }
}
