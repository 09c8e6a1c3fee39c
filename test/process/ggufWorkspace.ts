import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import { tinyGguf } from "../unit/backbone/ggufLlama.ts";

const CLI = join(import.meta.dirname, "../../dist/cli.js");
export const STEPS = 16;

/** A folder with a small GGUF model, data and an experiment, and a cache of its own. */
export class GgufWorkspace {
  readonly folder = mkdtempSync(join(tmpdir(), "adept-gguf-process-"));
  readonly cache = join(this.folder, ".cache");

  /** @param backbone where the model lies, as the experiment names it */
  constructor(
    readonly backbone = "model.gguf",
    change: object = {},
  ) {
    const { folder } = this;
    writeFileSync(join(folder, ".gitignore"), ".cache\n");
    mkdirSync(join(folder, backbone, ".."), { recursive: true });
    writeFileSync(join(folder, backbone), tinyGguf());
    const words = ["river", "stone", "light", "paper", "green", "seven"];
    const rows = Array.from({ length: 60 }, (_, i) =>
      JSON.stringify({ text: `${words[i % 6]} ${words[(i * 5 + 1) % 6]} ${i % 7}`, label: i % 2 === 0 ? "yes" : "no" }),
    );
    writeFileSync(join(folder, "data.jsonl"), rows.join("\n"));
    writeFileSync(
      join(folder, "words.adept.json"),
      JSON.stringify({
        name: "words",
        backbone,
        task: { kind: "file", train: "data.jsonl", source: "{text}", target: "{label}" },
        method: { kind: "adept", promptLength: 3, bottleneck: 3 },
        training: { steps: STEPS, batchSize: 4, evaluateEvery: 8, checkpointEvery: 5, maxTargetLength: 4, warmup: 3 },
        engine: { device: "cpu", threads: 1 },
        ...change,
      }),
    );
  }

  get env(): NodeJS.ProcessEnv {
    return { ...process.env, ADEPT_CACHE: this.cache };
  }

  /** Where the cache keeps what is made of models. */
  get weights(): string {
    return join(this.cache, "weights");
  }

  /** @param before words before the command */
  adept(args: readonly string[], before: readonly string[] = []): { status: number | null; out: string; said: string } {
    const [command = "", ...rest] = [...before, process.execPath, CLI, ...args];
    const { status, stdout, stderr } = spawnSync(command, rest, { cwd: this.folder, env: this.env, encoding: "utf8" });
    return { status, out: stdout, said: `${stdout}\n${stderr}` };
  }

  /** Runs a command that must succeed. */
  done(...args: string[]): string {
    const { status, out, said } = this.adept(args);
    if (status !== 0) throw new Error(`${args.join(" ")}: ${said}`);
    return out;
  }

  start(...args: string[]): ReturnType<typeof spawn> {
    return spawn(process.execPath, [CLI, ...args], { cwd: this.folder, env: this.env, stdio: "ignore" });
  }

  git(...args: string[]): string {
    return execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], {
      cwd: this.folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  }

  /** Makes a repository of the folder. @param ignored lines of .gitignore */
  repository(ignored: string): void {
    writeFileSync(join(this.folder, ".gitignore"), `.cache\n${ignored}`);
    this.git("init", "-q", "-b", "main");
    this.git("add", "-A");
    this.git("commit", "-q", "-m", "start");
  }

  /** The folder of the newest run. */
  get run(): string {
    const runs = join(this.folder, ".adept/runs");
    return join(runs, readdirSync(runs).sort().at(-1)!);
  }

  get losses(): Map<number, number> {
    const { events } = readJournal(this.run);
    return new Map(events.flatMap((e) => (e.type === "step" ? [[e.step, e.loss] as const] : [])));
  }

  get adapter(): string {
    return readFileSync(join(this.run, "adapter/adapter_model.safetensors")).toString("hex");
  }

  /** Trains, and kills the worker when a step is done. */
  async killedAfter(step: number, ...options: string[]): Promise<void> {
    const child = this.start("train", "words.adept.json", ...options);
    const done = (): number => {
      try {
        return this.losses.size;
      } catch {
        return 0;
      }
    };
    for (const until = Date.now() + 60_000; done() < step; await new Promise((resolve) => setTimeout(resolve, 5)))
      if (Date.now() > until) throw new Error(`no step ${step}`);
    const worker = readJournal(this.run).events.findLast((e) => e.type === "status" && e.pid !== undefined);
    process.kill((worker as { pid: number }).pid, "SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
  }
}
