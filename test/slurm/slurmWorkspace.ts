import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { RunRecord } from "../../src/record/record.ts";
import { RunDirectory } from "../../src/run/directory/runDirectory.ts";

const CLI = join(import.meta.dirname, "../../dist/cli.js");
const PATIENCE = 900_000;

/** A folder with an experiment, in which a test calls adept. */
export class SlurmWorkspace {
  readonly folder = mkdtempSync(join(tmpdir(), "adept-slurm-"));

  constructor(
    t: TestContext,
    private readonly env: NodeJS.ProcessEnv,
    experiment: object,
  ) {
    t.after(() => {
      rmSync(this.folder, { recursive: true, force: true });
    });
    const words = ["river", "stone", "light", "paper", "green", "seven"];
    const rows = Array.from({ length: 60 }, (_, i) =>
      JSON.stringify({ text: `${words[i % 6]} ${words[(i * 5 + 1) % 6]} ${i % 7}`, label: i % 2 === 0 ? "yes" : "no" }),
    );
    writeFileSync(join(this.folder, "data.jsonl"), rows.join("\n"));
    writeFileSync(
      join(this.folder, "words.adept.json"),
      JSON.stringify({
        name: "words",
        task: { kind: "file", train: "data.jsonl", source: "{text}", target: "{label}" },
        method: { kind: "adept", budget: { promptTokens: 10 } },
        training: { steps: 6, batchSize: 4, evaluateEvery: 6, checkpointEvery: 2, maxTargetLength: 3 },
        engine: "cpu",
        git: false,
        ...experiment,
      }),
    );
  }

  /** Calls adept; `more` are variables of its environment. */
  adept(args: readonly string[], more: NodeJS.ProcessEnv = {}): { status: number | null; out: string; told: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
      cwd: this.folder,
      env: { ...this.env, ADEPT_DEVICES: "cpu", ...more },
      encoding: "utf8",
      timeout: PATIENCE,
    });
    return { status, out: stdout, told: stderr };
  }

  /** The runs, in the order in which they were made. */
  runs(): RunDirectory[] {
    const folder = join(this.folder, ".adept/runs");
    return readdirSync(folder)
      .sort()
      .map((id) => RunDirectory.open(join(folder, id)));
  }

  records(): RunRecord[] {
    return this.runs().map((run) => run.record());
  }
}
