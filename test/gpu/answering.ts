import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Answer, Asked } from "../bench/sides/side.ts";
import { BUNDLE, PEER } from "./places.ts";

/** What a peer computes in; see peer.py. */
export type PeerMode = "eager" | "compile" | "autocast" | "narrow" | "compile-narrow" | "free";
/** What this project's engine on PyTorch computes in. */
export type OwnMode = "fp32" | "bf16";

/** The device of a side has too little memory. */
export class SideMemory extends Error {
  override readonly name = "SideMemory";
}

/** A line that a side answers with. */
interface SideLine extends Answer {
  failed?: "memory" | "error";
  message?: string;
  /** Megabytes that the device has left. */
  free?: number;
}

/** A process that answers each line with a time and what came out. */
export class AnsweringSide {
  private readonly lines: AsyncIterator<string>;
  private words = "";

  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {
    this.lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
    child.stderr!.on("data", (chunk: Buffer) => {
      this.words = (this.words + chunk.toString()).slice(-4000);
    });
    // The missing answer tells that the process has ended.
    child.stdin!.on("error", () => undefined);
  }

  /** Plain PyTorch on a folder. @param threads 0: PyTorch's own choice */
  static peer(folder: string, mode: PeerMode, device: string, threads: number): AnsweringSide {
    const python = process.env["ADEPT_PYTHON"]!;
    // TensorFloat-32 and caches are as PyTorch has them by default.
    return new AnsweringSide(mode, spawn(python, [PEER, "serve", folder, mode, device, String(threads)], {}));
  }

  /** This project on the same PyTorch. */
  static own(folder: string, mode: OwnMode, device: string, threads: number): AnsweringSide {
    const args = [BUNDLE, "side", folder, mode, device, String(threads)];
    return new AnsweringSide(`ADePT Lab ${mode}`, spawn(process.execPath, args, {}));
  }

  /** @throws SideMemory, Error with the side's last words */
  async ask(asked: Asked | { call: "free" }): Promise<SideLine> {
    this.child.stdin!.write(`${JSON.stringify(asked)}\n`);
    const line = await this.lines.next();
    if (line.done === true) throw new Error(`it ended: ${this.words.trim().split("\n").slice(-3).join(" ")}`);
    const answer = JSON.parse(line.value) as SideLine;
    if (answer.failed === "memory") throw new SideMemory(answer.message);
    if (answer.failed !== undefined) throw new Error(answer.message);
    return answer;
  }

  end(): void {
    this.child.stdin!.end();
  }

  kill(): void {
    this.child.kill("SIGKILL");
  }
}
