import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { listRuns } from "../../src/run/directory/runList.ts";
import type { RunDirectory } from "../../src/run/directory/runDirectory.ts";

const CLI = resolve(import.meta.dirname, "../../dist/cli.js");

/**
 * A folder with real runs: three methods with two seeds on the mail sample, all analyses but latency, which one run has
 * alone; and a run that has none. Or one run with its offsets.
 */
export class FixtureRuns {
  readonly folder = mkdtempSync(join(tmpdir(), "adept-page-"));
  readonly runsDir = join(this.folder, ".adept/runs");

  constructor(which: "all" | "one" = "all") {
    execFileSync("git", ["init", "--quiet"], { cwd: this.folder });
    const training = {
      steps: 24,
      batchSize: 16,
      maxSourceLength: 32,
      maxTargetLength: 4,
      warmup: 4,
      evaluateEvery: 8,
      validationLimit: 24,
      testLimit: 48,
      learningRate: { prompt: 0.1 },
    };
    const task = { kind: "mail", maxBodyCharacters: 150 };
    if (which === "one") {
      this.write("one.adept.json", {
        name: "One",
        task,
        training: { ...training, steps: 8, evaluateEvery: 4 },
        method: { kind: "adept", promptLength: 8, bottleneck: 8 },
        analyses: ["offsets"],
      });
      this.cli("train", "one.adept.json");
      return;
    }
    this.write("compare.adept.json", {
      name: "Three methods",
      task,
      training,
      seeds: [0, 1],
      sweep: {
        budget: { promptTokens: 40 },
        methods: [{ kind: "adept" }, { kind: "dept", positions: 128 }, { kind: "pt" }],
      },
      analyses: ["ablation", "offsets", "position-shift", "specificity", "stability"],
    });
    this.write("plain.adept.json", {
      name: "<img src=x onerror=alert(1)>",
      task,
      training,
      method: { kind: "adept", promptLength: 8, bottleneck: 8 },
    });
    this.cli("train", "compare.adept.json");
    this.cli("train", "plain.adept.json");
    this.cli("analyse", this.run("adept", 0).id, "latency");
  }

  run(method: string, seed: number): RunDirectory {
    return this.find(({ method: own, seed: of, sweep }) => own === method && of === seed && sweep !== undefined);
  }
  get plain(): RunDirectory {
    return this.find(({ sweep }) => sweep === undefined);
  }
  all(): RunDirectory[] {
    return listRuns(this.runsDir);
  }
  cli(...args: string[]): string {
    return execFileSync(process.execPath, [CLI, ...args, "--runs-dir", this.runsDir], {
      cwd: this.folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  }
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private find(fits: (record: ReturnType<RunDirectory["record"]>) => boolean): RunDirectory {
    const found = this.all().find((run) => fits(run.record()));
    if (found === undefined) throw new Error("no such run");
    return found;
  }

  private write(name: string, experiment: object): void {
    writeFileSync(join(this.folder, name), JSON.stringify(experiment));
  }
}
