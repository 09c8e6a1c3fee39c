import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Counter } from "./tally.ts";
import { must } from "./tally.ts";
import { ended, Workspace } from "./workspace.ts";

const WRITERS = 8;

/**
 * Eight processes commit runs in one repository, while its user commits, packs and collects garbage.
 * @returns the number of runs
 */
export async function gitEpisode(each: number, counter: Counter): Promise<number> {
  const place = Workspace.make("pt");
  const script = join(import.meta.dirname, "gitWriter.ts");
  const writers = Array.from({ length: WRITERS }, (_, writer) =>
    spawn(process.execPath, ["--import", "tsx", script, place.folder, String(writer), String(each)], {
      stdio: ["ignore", "inherit", "inherit"],
    }),
  );
  let users = 0;
  let over = false;
  const user = (async () => {
    while (!over) {
      place.git("commit", "-q", "--allow-empty", "-m", `mine ${++users}`);
      if (users % 5 === 0) place.git("pack-refs", "--all");
      if (users % 20 === 0) place.git("gc", "-q");
      await new Promise((done) => setTimeout(done, 300));
    }
  })();
  await Promise.all(writers.map(ended));
  over = true;
  await user;
  const refs = place
    .git("for-each-ref", "refs/adept/runs", "--format=%(refname)")
    .split("\n")
    .filter((line) => line !== "");
  counter.add(`${WRITERS} processes, ${each} runs each, ${users} commits of the user's`);
  must(
    writers.every(({ exitCode }) => exitCode === 0),
    "lost",
    `writers ended with ${writers.map(({ exitCode }) => exitCode).join()}`,
  );
  must(new Set(refs).size === WRITERS * each, "lost", `${refs.length} of ${WRITERS * each} refs are there`);
  must(Number(place.git("rev-list", "--count", "main")) === users + 1, "lost", "commits of the user's are gone");
  place.git("fsck", "--full", "--strict");
  for (const ref of refs)
    must(place.git("cat-file", "-t", `${ref}^{tree}`).trim() === "tree", "corrupt", `${ref} names nothing`);
  place.remove();
  return WRITERS * each;
}
