import { fork, type ChildProcess } from "node:child_process";
import type { CheckRow, PartMessage } from "./checkRow.ts";
import { BUNDLE } from "./places.ts";

const KEPT = 4000;
const running = new Set<PartProcess>();

/** How a part ended: by itself, at its time limit, or with a reason. */
export type PartEnd = { kind: "ended" } | { kind: "late" } | { kind: "crashed"; why: string };

/** A part of the check in a process of its own, whose end does not end the others. */
export class PartProcess {
  private readonly child: ChildProcess;
  private words = "";
  private readonly exit: Promise<PartEnd>;
  /** Resolves when the part has said that it is prepared, or has ended. */
  readonly ready: Promise<void>;

  constructor(args: readonly string[], onRow: (row: CheckRow) => void) {
    // A group of its own, so that the Pythons that it starts end with it.
    this.child = fork(BUNDLE, ["part", ...args], { detached: true, stdio: ["ignore", "ignore", "pipe", "ipc"] });
    running.add(this);
    this.child.stderr!.on("data", (chunk: Buffer) => {
      this.words = (this.words + chunk.toString()).slice(-KEPT);
    });
    let isReady!: () => void;
    this.ready = new Promise((resolve) => (isReady = resolve));
    this.child.on("message", (message: PartMessage) => {
      if ("row" in message) onRow(message.row);
      else isReady();
    });
    // What it started and left, such as PyTorch's compilers, would hold its error stream open.
    this.child.once("exit", () => {
      this.kill();
    });
    this.exit = new Promise((resolve) => {
      this.child.once("close", (code, signal) => {
        running.delete(this);
        isReady();
        const last = this.words.trim().split("\n").slice(-6).join(" ");
        resolve(code === 0 ? { kind: "ended" } : { kind: "crashed", why: `${signal ?? `code ${code}`}: ${last}` });
      });
    });
  }

  /** Says a word to the part; one that has ended hears nothing. */
  say(word: "go" | "hurry"): void {
    if (this.child.connected) this.child.send(word);
  }

  /** Waits for the end, at most so many seconds; then ends the part. */
  async end(seconds: number): Promise<PartEnd> {
    const timer = new AbortController();
    const late = new Promise<PartEnd>((resolve) => {
      const limit = setTimeout(
        () => {
          resolve({ kind: "late" });
        },
        Math.max(0, seconds) * 1000,
      );
      timer.signal.addEventListener("abort", () => {
        clearTimeout(limit);
      });
    });
    const end = await Promise.race([this.exit, late]);
    timer.abort();
    if (end.kind === "late") {
      this.kill();
      await this.exit;
    }
    return end;
  }

  kill(): void {
    try {
      process.kill(-this.child.pid!, "SIGKILL");
    } catch (error) {
      // It has ended by itself.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** Ends all parts. */
export function killParts(): void {
  for (const each of running) each.kill();
}
