import { spawn, type ChildProcess } from "node:child_process";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { receivedError, UserError } from "../base/errors.ts";
import { phrase, type Phrase } from "../base/phrase.ts";
import {
  CheckAnswer,
  Inspection,
  MemoryAnswer,
  SizesAnswer,
  UsableAnswer,
  type SetupRequest,
} from "../protocol/setupQuestions.ts";
import { ENDS_WITH_US, workerEnvironment } from "./workerProcess.ts";
import {
  EncodedTexts,
  OpenedRun,
  RunReading,
  TokenDetails,
  TokenReply,
  type TokenRequest,
} from "../protocol/heatmapQuestions.ts";

/** A question that is not answered yet, and the process that it was sent to. */
interface Waiting {
  child: ChildProcess;
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}
type Without<R> = R extends { id: number } ? Omit<R, "id"> : never;
type Asked = Without<TokenRequest> | Without<SetupRequest>;
type Question<T extends SetupRequest["type"]> = Omit<Extract<SetupRequest, { type: T }>, "id" | "type">;

/** How to start the token worker. */
export interface TokenWorkerOptions {
  /** The bundle of the training worker; tokens.js is beside it. */
  workerPath: string;
  /** The executable of Node, or VS Code's Electron run as Node. */
  nodePath: string;
  /** Called with every line of the worker's error stream. */
  onLog: (line: string) => void;
  /** Milliseconds without a question after which the process is ended; default 120 s. */
  idle?: number;
  /** Milliseconds without an answer after which the process is killed; default 60 s. */
  patience?: number;
}

/**
 * The process that turns texts into tokens and the sizes of their offsets. It is started by the first question, ended
 * when there are none for some time, and started again by the next one, also after a crash.
 */
export class TokenWorker {
  private child: ChildProcess | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;
  private idleTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: TokenWorkerOptions) {}

  /** The id of the process; undefined while there is none. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /**
   * Opens a run.
   * @throws UserError when the run has no offsets to show
   */
  async open(run: string): Promise<OpenedRun> {
    return OpenedRun.parse(await this.ask({ type: "open", run }));
  }
  /** Returns how the run's task makes an input from a data row. */
  async reading(run: string): Promise<RunReading> {
    return RunReading.parse(await this.ask({ type: "reading", run }));
  }
  /** Turns texts into tokens with the sizes of their offsets. */
  async encode(question: Omit<Extract<TokenRequest, { type: "encode" }>, "id" | "type">): Promise<EncodedTexts> {
    return EncodedTexts.parse(await this.ask({ type: "encode", ...question }));
  }
  /**
   * Reads the details of one token.
   * @param place its position in its text, if known
   */
  async token(run: string, token: number, place: number | undefined): Promise<TokenDetails> {
    return TokenDetails.parse(await this.ask({ type: "token", run, token, ...(place !== undefined && { place }) }));
  }

  /**
   * Reads a data file as a model would get it.
   * @throws UserError when the file or the backbone cannot be read
   */
  async inspect(question: Question<"inspect">): Promise<Inspection> {
    return Inspection.parse(await this.ask({ type: "inspect", ...question }));
  }
  /** Computes the sizes of ADePT for given numbers of trained parameters. */
  async sizes(question: Question<"sizes">): Promise<SizesAnswer> {
    return SizesAnswer.parse(await this.ask({ type: "sizes", ...question }));
  }
  /** Tells whether a GGUF file can be a backbone, from its head. */
  async usable(question: Question<"usable">): Promise<UsableAnswer> {
    return UsableAnswer.parse(await this.ask({ type: "usable", ...question }));
  }
  /** Forecasts how much memory training needs, and how much is free. */
  async memory(question: Question<"memory">): Promise<MemoryAnswer> {
    return MemoryAnswer.parse(await this.ask({ type: "memory", ...question }));
  }
  /** Checks an experiment without running it. */
  async check(question: Question<"check">): Promise<CheckAnswer> {
    return CheckAnswer.parse(await this.ask({ type: "check", ...question }));
  }

  /**
   * Checks the runs of an experiment file before they are queued.
   * @throws UserError naming what keeps them from being trained
   */
  async requireTrainable(path: string): Promise<void> {
    await this.ask({ type: "trainable", path });
  }

  /** Ends the process after its current question. */
  dispose(): void {
    clearTimeout(this.idleTimer);
    this.child?.stdin?.end();
    this.child = undefined;
  }

  /** Kills the process at once. Unanswered questions fail. */
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
      // A process that does not answer is treated as crashed.
      const timer = setTimeout(() => {
        child.kill("SIGKILL");
      }, patience);
      this.waiting.set(id, { child, resolve, reject, timer });
      child.stdin?.write(`${JSON.stringify({ id, ...question })}\n`);
    });
  }

  /** No question is open: end the process if that stays so. */
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
      env: workerEnvironment(),
    });
    // Fails the questions that were sent to this process. A process started meanwhile keeps its own.
    const lost = (what: Phrase): void => {
      if (this.child === child) this.child = undefined;
      for (const [id, { child: asked, reject, timer }] of this.waiting)
        if (asked === child) {
          clearTimeout(timer);
          this.waiting.delete(id);
          reject(new UserError("token-worker-lost", phrase`The token worker ${what}`, phrase`Try again.`));
        }
    };
    child.once("error", (error) => {
      lost(phrase`did not start: ${error.message}`);
    });
    child.once("exit", (code, signal) => {
      lost(phrase`ended (${signal ?? String(code)})`);
    });
    // A write to a process that has just ended fails, which its exit reports.
    child.stdin.on("error", () => {
      /* see "exit" */
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
    // The process answers its questions in order, so the time limit of the others starts anew with this answer.
    for (const { child, timer } of this.waiting.values()) if (child === waiting.child) timer.refresh();
    if (this.waiting.size === 0) this.rest();
    if (error === undefined) waiting.resolve(result);
    else waiting.reject(receivedError(error));
  }
}
