import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { RunRecord } from "../../src/record/record.ts";
import { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import type { Lifetime } from "./lifetime.ts";
import { until } from "./until.ts";

const CLI = join(import.meta.dirname, "../../dist/cli.js");
const SLOW_STEPS = join(import.meta.dirname, "slowSteps.mjs");
const PATIENCE = 900_000;

/** How a call of adept has ended. */
export interface Answer {
  status: number | null;
  out: string;
  told: string;
}

/** A folder with an experiment, in which a test calls adept. */
export class SlurmWorkspace {
  readonly folder: string;

  constructor(
    private readonly t: Pick<Lifetime, "after">,
    private readonly env: NodeJS.ProcessEnv,
    {
      training,
      poll = 2,
      parent = tmpdir(),
      ...experiment
    }: { training?: object; poll?: number; parent?: string; [key: string]: unknown },
  ) {
    this.folder = mkdtempSync(join(parent, "adept-slurm-"));
    t.after(() => {
      rmSync(this.folder, { recursive: true, force: true });
    });
    const words = ["river", "stone", "light", "paper", "green", "seven"];
    const rows = Array.from({ length: 60 }, (_, i) =>
      JSON.stringify({ text: `${words[i % 6]} ${words[(i * 5 + 1) % 6]} ${i % 7}`, label: i % 2 === 0 ? "yes" : "no" }),
    );
    writeFileSync(join(this.folder, "data.jsonl"), rows.join("\n"));
    mkdirSync(join(this.folder, ".adept"));
    // A test's cluster may be asked often.
    this.groupDefaults({ poll });
    writeFileSync(
      join(this.folder, "words.adept.json"),
      JSON.stringify({
        name: "words",
        task: { kind: "file", train: "data.jsonl", source: "{text}", target: "{label}" },
        method: { kind: "adept", budget: { promptTokens: 10 } },
        training: { steps: 6, batchSize: 4, evaluateEvery: 6, checkpointEvery: 2, maxTargetLength: 3, ...training },
        engine: "cpu",
        git: false,
        ...experiment,
      }),
    );
  }

  /** Writes what a group sets for all of its experiments. */
  groupDefaults(settings: object): void {
    writeFileSync(join(this.folder, ".adept/slurm.json"), JSON.stringify(settings));
  }

  private variables(more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    return { ...this.env, ADEPT_DEVICES: "cpu", ...more };
  }

  /** Calls adept; `more` are variables of its environment. */
  adept(args: readonly string[], more: NodeJS.ProcessEnv = {}): Answer {
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
      cwd: this.folder,
      env: this.variables(more),
      encoding: "utf8",
      timeout: PATIENCE,
    });
    return { status, out: stdout, told: stderr };
  }

  /** Calls adept while the test goes on. */
  start(args: readonly string[], more: NodeJS.ProcessEnv = {}): { child: ChildProcess; answer: Promise<Answer> } {
    const child = spawn(process.execPath, [CLI, ...args], {
      cwd: this.folder,
      env: this.variables(more),
      stdio: ["ignore", "pipe", "pipe"],
    });
    // A test that fails leaves nobody behind who follows runs.
    this.t.after(() => child.kill("SIGKILL"));
    const text = { out: "", told: "" };
    child.stdout.setEncoding("utf8").on("data", (part: string) => (text.out += part));
    child.stderr.setEncoding("utf8").on("data", (part: string) => (text.told += part));
    const answer = new Promise<Answer>((resolve) => {
      child.once("close", (status) => {
        resolve({ status, ...text });
      });
    });
    return { child, answer };
  }

  /** Whether runs were made. */
  hasRuns(): boolean {
    return existsSync(join(this.folder, ".adept/runs")) && this.runs().length > 0;
  }

  /** The runs, in the order in which they were made. */
  runs(): RunDirectory[] {
    const folder = join(this.folder, ".adept/runs");
    return readdirSync(folder)
      .sort()
      .flatMap((id) => RunDirectory.find(join(folder, id)) ?? []);
  }

  records(): RunRecord[] {
    return this.runs().map((run) => run.record());
  }

  /** The trained tensors of each run. */
  adapters(): Buffer[] {
    return this.runs().map((run) => readFileSync(join(run.adapterPath, "adapter_model.safetensors")));
  }

  /** Waits until a run has made a step after so many, of a start of this restart of its job. */
  async untilStep(index: number, { restart, after = 0 }: { restart: number; after?: number }): Promise<void> {
    await until(() => {
      const { status, place, lastStep } = this.runs()[index]!.record();
      return status === "running" && place?.restart === restart && (lastStep?.step ?? 0) > after;
    }, `run ${index} makes steps after restart ${restart}`);
  }
}

/**
 * Lines of a job's script with which its worker takes at least so long (ms) for a step.
 * @param held megabytes of memory that each step takes and keeps
 */
export const slowSteps = (milliseconds: number, held = 0): string[] => [
  `export ADEPT_TEST_STEP=${milliseconds} ADEPT_TEST_HELD=${held}`,
  `export NODE_OPTIONS='--import ${pathToFileURL(SLOW_STEPS).href}'`,
];

/** The tensors of the same experiment, trained here without a break. */
export function unbroken(t: Pick<Lifetime, "after">, env: NodeJS.ProcessEnv, experiment: object): Buffer[] {
  const near = new SlurmWorkspace(t, env, experiment as Record<string, unknown>);
  const { status, told } = near.adept(["train", "words.adept.json", "--set", "executor.kind=local"]);
  if (status !== 0) throw new Error(told);
  return near.adapters();
}
