import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");
const CLI = join(ROOT, "dist/cli.js");
const STATE = "sweeps.json";

/** Runs a program until it ends; what it says goes to the terminal. @throws Error where it fails */
function ran(program: string, args: readonly string[], cwd: string): string {
  const { status, stdout } = spawnSync(program, args, { cwd, stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}`);
  return stdout;
}

/** A folder with a git repository of its own, in which the study's experiments train and keep their runs. */
export class StudyWorkspace {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    if (existsSync(join(folder, ".git"))) return;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, ".gitignore"), `data\nnode_modules\n.adept\n${STATE}\n`);
    const git = (...args: string[]): string => ran("git", args, folder);
    git("init", "--quiet");
    git("config", "user.name", "study");
    git("config", "user.email", "study@localhost");
  }

  /** Shows a folder under a name in this one. */
  link(name: string, target: string): void {
    if (!existsSync(join(this.folder, name))) symlinkSync(target, join(this.folder, name));
  }

  adept(...args: string[]): string {
    return ran(process.execPath, [CLI, ...args], this.folder);
  }

  private sweeps(): Record<string, string> {
    const path = join(this.folder, STATE);
    return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Record<string, string>) : {};
  }

  /**
   * Trains the runs of an experiment file, or goes on with those that an earlier call has left.
   * @returns the sweep's id
   */
  train(file: string): string {
    const known = this.sweeps()[basename(file)];
    if (known !== undefined) {
      this.adept("queue", "start");
      return known;
    }
    copyFileSync(file, join(this.folder, basename(file)));
    const { sweep } = JSON.parse(this.adept("train", basename(file), "--detach", "--json")) as { sweep: string };
    writeFileSync(join(this.folder, STATE), JSON.stringify({ ...this.sweeps(), [basename(file)]: sweep }));
    return sweep;
  }

  /** Keeps the refs of all runs in one file, which `git remote add` and `adept runs fetch` read. */
  bundle(path: string): void {
    ran("git", ["bundle", "create", "--quiet", path, "--glob=refs/adept/runs/*"], this.folder);
  }

  get runsFolder(): string {
    return join(this.folder, ".adept/runs");
  }
}
