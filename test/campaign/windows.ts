import { readJournal } from "../../src/run/journal/readJournal.ts";
import { listRuns } from "../../src/run/directory/runList.ts";
import { isLive } from "../../src/record/record.ts";
import { Dice } from "./dice.ts";
import { mustBeWhole } from "./outcome.ts";
import type { Counter } from "./tally.ts";
import { must } from "./tally.ts";
import { ended, kill, pause, until, VARIANTS, Workspace } from "./workspace.ts";

/** Two windows and a terminal train at once in one folder; then all of them resume one interrupted run. */
export async function windowsEpisode(seed: number, episode: number, counter: Counter): Promise<number> {
  const dice = new Dice(seed, "windows", episode);
  const variant = dice.one(VARIANTS);
  const place = Workspace.make(variant);
  const own = place.own();
  const windows = [1, 2].map(() => place.start("window", "train", place.folder, "words.adept.json"));
  try {
    const terminal = place.start("cli", "train", "words.adept.json");
    counter.add("two windows and a terminal, a run each");
    must(
      await until(() => listRuns(place.runsDir).filter((run) => run.record().id !== "").length === 3),
      "lost",
      "one of three runs was not made",
    );
    const victim = listRuns(place.runsDir)[dice.below(3)]!;
    await until(() => (victim.record().lastStep?.step ?? 0) >= dice.between(1, 8));
    const worker = victim.workerPid;
    if (isLive(victim.record().status) && kill(worker)) await together(victim.path, place, counter);
    await until(() => listRuns(place.runsDir).every((run) => !isLive(run.record().status)));
    for (const run of listRuns(place.runsDir)) {
      if (run.record().status !== "finished") {
        const { status, stderr } = await place.adept("resume", run.id, "--json");
        must(status === 0, "lost", stderr.slice(-600));
      }
      await mustBeWhole(place, run, variant);
    }
    must(place.own() === own, "corrupt", "index, HEAD, branches, status or files of the user have changed");
    await ended(terminal);
    for (const window of windows) kill(window.pid);
    await Promise.all(windows.map(ended));
    must(
      await until(() => place.processes().length === 0, 8000),
      "corrupt",
      `processes are left: ${place.processes().join()}`,
    );
    place.remove();
    return 1;
  } catch (error) {
    for (const window of windows) kill(window.pid);
    throw Object.assign(error as Error, { folder: place.folder });
  }
}

/** Resumes one run several times at once: a single worker trains it, and its interruption is recorded once. */
async function together(runPath: string, place: Workspace, counter: Counter): Promise<void> {
  const run = listRuns(place.runsDir).find(({ path }) => path === runPath)!;
  must(await until(() => !isLive(run.record().status), 20_000), "lost", "nobody says that a worker is gone");
  await pause(100);
  must(run.record().interruptions === 1, "corrupt", `one death was recorded ${run.record().interruptions} times`);
  counter.add("three resume one run");
  const number = String(run.record().start + 1);
  const workers = [1, 2, 3].map(() =>
    place.start("worker", "train", run.path, "--folder", place.folder, "--resume", "--start", number),
  );
  await Promise.all(workers.map(ended));
  const started = readJournal(run.path).events.filter(
    (event) => event.type === "status" && event.status === "preparing",
  ).length;
  must(
    started === 2,
    "corrupt",
    `${started} workers prepared it: of three that were started for one number one begins`,
  );
  let at: number | undefined;
  for (const event of readJournal(run.path).events) {
    if (event.type === "status" && event.status === "running") at = undefined;
    if (event.type !== "step") continue;
    must(at === undefined || event.step === at + 1, "corrupt", `step ${event.step} after ${at}: two workers at once`);
    at = event.step;
  }
}
