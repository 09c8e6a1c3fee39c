import { executorOfRun } from "../../executor/executors.ts";
import { isLive, isWaiting } from "../../record/record.ts";
import { command, type Parsed } from "../command.ts";
import { RUN_OPTIONS } from "../commonOptions.ts";
import { localWorker } from "../localWorker.ts";
import { namedRun, runsFolder } from "../namedRun.ts";
import { say, tell } from "../terminal.ts";

async function run({ values, positionals }: Parsed<typeof RUN_OPTIONS>): Promise<number> {
  const stopping = namedRun(values["runs-dir"], positionals[0] ?? "latest");
  const executor = executorOfRun(stopping, { ...localWorker(), runsDir: runsFolder(values["runs-dir"]) });
  const answer = (text: string): void => {
    say(values.json === true ? JSON.stringify({ run: stopping.id, status: stopping.record().status }) : text);
  };
  if (isWaiting(stopping.record())) {
    await executor.stop([stopping]);
    answer(`taken out of the queue: run ${stopping.id}`);
    return 0;
  }
  const { status } = stopping.record();
  if (!isLive(status)) {
    if (values.json === true) answer("");
    else tell(`run ${stopping.id} is ${status}\n`);
    return 0;
  }
  await executor.stop([stopping]);
  answer(`${stopping.record().status}: run ${stopping.id}`);
  return 0;
}

export const stopCommand = command({
  summary: "stops a run and keeps what it has trained; takes a waiting run out of the queue",
  takes: "[RUN]",
  options: RUN_OPTIONS,
  examples: ["adept stop latest"],
  notes: ["A run of a cluster stops at its next step, or its job is cancelled."],
  run,
});
