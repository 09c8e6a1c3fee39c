import type { EngineSpec } from "../../../src/engine/engineSpec.ts";
import type { Precision } from "../../../src/engine/precisionSpec.ts";
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { findTorch } from "./python.ts";

/** What a side is asked, a line each; batches are those of the folder's batches.json, by number. */
export type Asked =
  | { call: "step"; batch: number }
  | { call: "score"; batch: number; isShared?: boolean }
  | { call: "generate"; batch: number; maxTokens: number; isShared?: boolean }
  | { call: "state" };
/**
 * `loss` and `norm` of a step; `ids` that were generated; `chosen`: each row's likeliest candidate; of the process:
 * megabytes at most and now, tensors that live.
 */
export interface Answer {
  milliseconds: number;
  loss?: number;
  norm?: number;
  ids?: number[][];
  chosen?: number[];
  /** Of each row, the loss of each candidate. */
  scores?: number[][];
  /** Milliseconds of all cores. */
  processor?: number;
  megabytes: number;
  resident: number;
  tensors?: number;
}

/** An engine of this project: of onnxruntime, TensorFlow.js, or the user's PyTorch in fp32 or bf16. */
export type OwnEngine = "cpu" | "tfjs" | "torch" | "torch-bf16";

/** A process that computes one answer, with its time, for each line that it is sent. */
export class Side {
  private readonly lines: AsyncIterator<string>;
  private complaint = "";

  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {
    this.lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
    child.stderr!.on("data", (text: Buffer) => {
      this.complaint = (this.complaint + text.toString()).slice(-4000);
    });
    // If the process has ended, the missing answer reports it.
    child.stdin!.on("error", () => undefined);
  }

  /**
   * This engine on a folder's backbone.
   * @param form as in an experiment: the engine's memory setting, and the weights' precision; absent: their defaults
   */
  static engine(
    folder: string,
    threads: number,
    device: OwnEngine = "cpu",
    { memory = "check", precision = "fp32" }: { memory?: EngineSpec["memory"]; precision?: Precision } = {},
  ): Side {
    return Side.start(device === "cpu" ? "ADePT Lab" : device, process.execPath, [
      "--import",
      "tsx",
      join(import.meta.dirname, "engineSide.ts"),
      folder,
      String(threads),
      device,
      memory,
      precision,
    ]);
  }

  /**
   * Another checkout of this project on the same folder, by that checkout's own side file and packages.
   * @param checkout folder of another commit, with its node_modules installed
   * @throws Error where it has no side file
   */
  static checkout(folder: string, threads: number, checkout: string): Side {
    const file = join(checkout, "test/bench/sides/engineSide.ts");
    if (!existsSync(file)) throw new Error(`${checkout} is no checkout with benches: ${file} is missing`);
    return Side.start(checkout, process.execPath, ["--import", "tsx", file, folder, String(threads), "cpu"], checkout);
  }

  /** PyTorch on the same folder. @throws Error where there is none */
  static torch(folder: string, threads: number, mode: TorchMode = "eager"): Side {
    const python = findTorch();
    if (python === undefined) throw new Error("no PyTorch");
    return Side.start(TORCH_NAMES[mode], python, [
      join(import.meta.dirname, "torch_side.py"),
      folder,
      String(threads),
      mode,
    ]);
  }

  /**
   * PyTorch eager with a decoder-only model, trained as PEFT trains it (LoRA) or by the official formula (ADePT).
   * @param head "all": logits of every token, as transformers' models compute them; "labels": of the labels alone
   * @throws Error where there is none
   */
  static causalTorch(folder: string, threads: number, head: "all" | "labels"): Side {
    const python = findTorch();
    if (python === undefined) throw new Error("no PyTorch");
    const script = join(import.meta.dirname, "causal_torch_side.py");
    return Side.start(TORCH_NAMES.eager, python, [script, folder, String(threads), head]);
  }

  /** This engine, greedy, on a folder or a GGUF file. @param batches file of the batches */
  static decode(path: string, threads: number, batches: string, generation: "exact" | "rounded"): Side {
    const args = ["--import", "tsx", join(import.meta.dirname, "decodeSide.ts"), path, String(threads), batches];
    return Side.start(`ADePT Lab ${generation}`, process.execPath, [...args, generation]);
  }

  /** llama.cpp, greedy, on a GGUF file. @param python one that has llama-cpp-python */
  static llama(path: string, threads: number, batches: string, python: string): Side {
    return Side.start("llama.cpp", python, [
      join(import.meta.dirname, "llama_side.py"),
      path,
      String(threads),
      batches,
    ]);
  }

  /** onnxruntime-genai, greedy, on a folder that its model builder made. @param python one that has it */
  static genai(path: string, threads: number, batches: string, python: string): Side {
    return Side.start("onnxruntime-genai", python, [
      join(import.meta.dirname, "genai_side.py"),
      path,
      String(threads),
      batches,
    ]);
  }

  private static start(name: string, command: string, args: string[], cwd = process.cwd()): Side {
    return new Side(
      name,
      spawn(command, args, {
        cwd,
        stdio: ["pipe", "pipe", "pipe"],
        env: {
          ...process.env,
          TRANSFORMERS_VERBOSITY: "error",
          HF_HUB_DISABLE_PROGRESS_BARS: "1",
          TF_CPP_MIN_LOG_LEVEL: "2",
        },
      }),
    );
  }

  async ask(asked: Asked): Promise<Answer> {
    this.child.stdin!.write(`${JSON.stringify(asked)}\n`);
    const line = await this.lines.next();
    if (line.done === true)
      throw new Error(
        `${this.name} ended before it answered: ${this.complaint.trim().split("\n").slice(-3).join(" ")}`,
      );
    return JSON.parse(line.value) as Answer;
  }

  end(): void {
    this.child.stdin!.end();
  }
}

export const TORCH_NAMES = { eager: "PyTorch eager", compile: "torch.compile", bf16: "PyTorch bf16" } as const;
export type TorchMode = keyof typeof TORCH_NAMES;
