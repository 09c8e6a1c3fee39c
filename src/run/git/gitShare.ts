import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { pushPreview, type PushPreview } from "./pushPreview.ts";
import { phrase } from "../../base/phrase.ts";
import type { GitStore } from "./gitStore.ts";
import { unpackRun } from "./gitUnpack.ts";
import { isRunId } from "../directory/runId.ts";

const REFS = "refs/adept/runs";

/** The result of fetching runs. */
export interface Fetched {
  /** The ids of the fetched runs. */
  came: string[];
  /** The runs that could not be read, with the reason. */
  refused: { id: string; reason: string }[];
}

/** Pushes runs to a remote and fetches runs from it. */
export class GitShare {
  constructor(private readonly store: GitStore) {}

  /** The names of the repository's remotes. */
  async remotes(): Promise<string[]> {
    return (await this.store.git.run(["remote"])).split("\n").filter((name) => name !== "");
  }

  /** Lists what pushing these runs would send, going by the last known state of the remote's branches. */
  preview(remote: string, ids: readonly string[]): Promise<PushPreview> {
    return pushPreview(
      this.store,
      remote,
      ids.map((id) => `${REFS}/${id}`),
    );
  }

  /**
   * Pushes the refs of runs.
   * @throws UserError with git's error output when the remote refuses
   */
  async push(remote: string, ids: readonly string[], signal?: AbortSignal): Promise<void> {
    try {
      await this.store.git.remote(
        ["push", "--porcelain", "--end-of-options", remote, ...ids.map((id) => `${REFS}/${id}:${REFS}/${id}`)],
        signal,
      );
    } catch (error) {
      throw new UserError(
        "push-failed",
        phrase`The runs were not pushed: ${(error as Error).message.trim().slice(0, 500)}`,
        phrase`Check the remote, and that git can reach it from a terminal.`,
      );
    }
  }

  /**
   * Fetches the remote's runs, except those that already exist here.
   * @throws UserError with git's error output when the remote cannot be reached
   */
  async fetch(remote: string, runsDir: string, signal?: AbortSignal): Promise<Fetched> {
    const listed = await this.listed(remote, signal);
    const refused: Fetched["refused"] = [];
    const came: string[] = [];
    for (const id of listed) if (!isRunId(id)) refused.push({ id: id.slice(0, 60), reason: "not a run's id" });
    const known = await this.commits();
    const wanted = listed.filter((id) => isRunId(id) && !known.has(id));
    for (let at = 0; at < wanted.length; at += 100)
      await this.reached(
        [
          "fetch",
          "--no-tags",
          "--no-write-fetch-head",
          "--end-of-options",
          remote,
          ...wanted.slice(at, at + 100).map((id) => `${REFS}/${id}:${REFS}/${id}`),
        ],
        signal,
      );
    const commits = wanted.length === 0 ? known : await this.commits();
    for (const id of listed.filter(isRunId)) {
      const commit = commits.get(id);
      if (commit === undefined || existsSync(join(runsDir, id))) continue;
      try {
        await unpackRun(this.store, { id, commit }, runsDir);
        came.push(id);
      } catch (error) {
        refused.push({ id, reason: (error as Error).message });
      }
    }
    return { came, refused };
  }

  /** The commit of each run of the repository, by the run's id. */
  private async commits(): Promise<Map<string, string>> {
    return new Map((await this.store.list()).map(({ id, commit }) => [id, commit]));
  }

  private async listed(remote: string, signal: AbortSignal | undefined): Promise<string[]> {
    const text = await this.reached(["ls-remote", "--end-of-options", remote, `${REFS}/*`], signal);
    return text.split("\n").flatMap((line) => (line === "" ? [] : [line.split("\t")[1]!.slice(REFS.length + 1)]));
  }

  private async reached(args: string[], signal: AbortSignal | undefined): Promise<string> {
    try {
      return await this.store.git.remote(args, signal);
    } catch (error) {
      throw new UserError(
        "fetch-failed",
        phrase`The remote was not reached: ${(error as Error).message.trim().slice(0, 500)}`,
        phrase`Check the remote, and that git can reach it from a terminal.`,
      );
    }
  }
}
