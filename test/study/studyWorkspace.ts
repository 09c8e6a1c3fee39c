import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parse } from "jsonc-parser";
import { isOver } from "../../src/record/record.ts";
import type { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { listRuns } from "../../src/run/directory/runList.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const CLI = join(ROOT, "dist/cli.js");
const IGNORED = ["reports", "data", "smollm2", "node_modules", ".adept"];
/** Milliseconds between two looks at the runs. */
const POLL = 2000;

/** Runs a program until it ends; what it says goes to the terminal. @throws Error where it fails */
function ran(program: string, args: readonly string[], cwd: string): string {
  const { status, stdout } = spawnSync(program, args, { cwd, stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}`);
  return stdout;
}

/** A folder with a git repository of its own, in which the study's experiments train and keep their runs. */
export class StudyWorkspace {
  private readonly folder: string;
  private readonly runsFolder: string;
  /** Of each run that a bundle has, that bundle and the commit in it. */
  private readonly kept = new Map<string, { bundle: string; commit: string }>();

  constructor(folder: string) {
    this.folder = folder;
    this.runsFolder = join(folder, ".adept/runs");
    if (existsSync(join(folder, ".git"))) return;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, ".gitignore"), `${IGNORED.join("\n")}\n`);
    this.git("init", "--quiet");
    this.git("config", "user.name", "study");
    this.git("config", "user.email", "study@localhost");
  }

  private git(...args: string[]): string {
    return ran("git", args, this.folder);
  }

  adept(...args: string[]): string {
    return ran(process.execPath, [CLI, ...args], this.folder);
  }

  /** Shows a folder under a name in this one. */
  link(name: string, target: string): void {
    if (!existsSync(join(this.folder, name))) symlinkSync(target, join(this.folder, name));
  }

  /** Takes the runs of bundles, each once. */
  fetch(bundles: readonly string[]): void {
    const remotes = this.git("remote").split("\n");
    for (const [i, bundle] of bundles.entries()) {
      const remote = `kept${i}`;
      if (!remotes.includes(remote)) this.git("remote", "add", remote, bundle);
      this.adept("runs", "fetch", "--remote", remote);
      for (const line of this.git("bundle", "list-heads", bundle).trim().split("\n")) {
        const [commit = "", ref = ""] = line.split(" ");
        this.kept.set(ref.split("/").at(-1)!, { bundle, commit });
      }
    }
  }

  /** The newest run of each name that an experiment has here. */
  private runsOf(experiment: string): RunDirectory[] {
    const byName = new Map<string, RunDirectory>();
    for (const run of listRuns(this.runsFolder)) {
      const { experiment: own, name } = run.record();
      if (own === experiment && !byName.has(name)) byName.set(name, run);
    }
    return [...byName.values()];
  }

  /**
   * The finished runs of an experiment file. Those that are here are taken; what an earlier call has left is trained to
   * its end; where there are none, all are trained.
   * @throws Error where one does not finish
   */
  async train(file: string): Promise<readonly RunDirectory[]> {
    const { name } = parse(readFileSync(file, "utf8")) as { name: string };
    const before = this.runsOf(name);
    if (before.length === 0) {
      const copy = `${basename(dirname(file))}-${basename(file)}`;
      copyFileSync(file, join(this.folder, copy));
      this.adept("train", copy, "--detach");
    } else if (before.some((run) => !isOver(run.record().status))) this.adept("queue", "start");
    for (let over = -1; ;) {
      const runs = this.runsOf(name);
      const ended = runs.filter((run) => isOver(run.record().status));
      if (ended.length !== over) console.error(`${name}: ${ended.length} of ${runs.length} runs are over`);
      over = ended.length;
      if (over < runs.length) await setTimeout(POLL);
      else return finishedOnly(runs);
    }
  }

  /** Writes the page of a report of runs; its other forms stay in this folder. */
  report(path: string, runs: readonly RunDirectory[]): void {
    const page = join(this.folder, "reports", basename(path));
    mkdirSync(dirname(page), { recursive: true });
    this.adept("report", ...runs.map(({ id }) => id), "--sections", "none", "--out", page);
    copyFileSync(page, path);
  }

  /**
   * Keeps the refs of a part's runs in one file, which `git remote add` and `adept runs fetch` read. A file that has
   * them all as they are stays as it is.
   */
  keep(bundle: string, runs: readonly RunDirectory[]): void {
    const refs = runs.map(({ id }) => `refs/adept/runs/${id}`);
    const isKept = (ref: string): boolean => {
      const known = this.kept.get(ref.split("/").at(-1)!);
      return known?.bundle === bundle && known.commit === this.git("rev-parse", ref).trim();
    };
    if (!refs.every(isKept)) this.git("bundle", "create", "--quiet", bundle, ...refs);
  }
}

function finishedOnly(runs: readonly RunDirectory[]): readonly RunDirectory[] {
  const failed = runs.filter((run) => run.record().status !== "finished");
  if (failed.length > 0) throw new Error(failed.map((run) => `${run.id}: ${run.record().error?.message}`).join("\n"));
  return runs;
}
