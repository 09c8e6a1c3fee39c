import { dequeue, waitingDevices, waitingRuns } from "../../executor/queuedRuns.ts";
import { endQueue, isQueueRunning, startQueue, workingDevices } from "../../executor/deviceQueue.ts";
import { markInterruptedRuns } from "../../run/interruption/interruptedRuns.ts";
import { command, type Parsed } from "../command.ts";
import { RUN_OPTIONS } from "../commonOptions.ts";
import { runsFolder } from "../namedRun.ts";
import { localWorker } from "../localWorker.ts";
import { problemReporter } from "../problemReporter.ts";
import { oneLine, say } from "../terminal.ts";
import { WrongUse } from "../wrongUse.ts";

/** Adept queue list | start | stop | clear */
function run({ values, positionals: [what = "list"] }: Parsed<typeof RUN_OPTIONS>): Promise<number> {
  const runsDir = runsFolder(values["runs-dir"]);
  markInterruptedRuns(runsDir, problemReporter());
  const known = new Set([...workingDevices(runsDir), ...waitingDevices(runsDir)]);
  const devices = known.size > 0 ? [...known].sort() : ["auto"];
  const state = devices.map((device) => ({
    device,
    working: isQueueRunning({ runsDir, device }),
    waiting: waitingRuns(runsDir, device),
  }));
  if (what === "start")
    for (const { device, waiting } of state) {
      if (waiting.length > 0) startQueue({ ...localWorker(), runsDir, device });
    }
  else if (what === "stop") for (const { device } of state) endQueue({ runsDir, device });
  else if (what === "clear") for (const { waiting } of state) for (const { run } of waiting) dequeue(run);
  else if (what !== "list") throw new WrongUse(`queue takes list, start, stop or clear, not "${what}"`);
  if (values.json === true)
    say(
      JSON.stringify(
        state.map(({ device, working, waiting }) => ({
          device,
          working,
          waiting: waiting.map(({ run, record }) => ({ id: run.id, name: record.name, status: record.status })),
        })),
      ),
    );
  else
    for (const { device, working, waiting } of state) {
      say(
        `${device}: ${ANSWERS[what]?.(waiting.length) ?? `${waiting.length} waiting, ${stateText(working, waiting.length)}`}`,
      );
      if (what === "list") for (const { run, record } of waiting) say(`  ${run.id}  ${oneLine(record.name)}`);
    }
  return Promise.resolve(0);
}

export const queueCommand = command({
  summary: "lists the queue of each device, starts it, stops it or empties it",
  takes: "[list|start|stop|clear]",
  options: RUN_OPTIONS,
  examples: ["adept queue list", "adept queue start"],
  notes: ["stop ends the queue after the run at work; clear takes the waiting runs out."],
  run,
});

function stateText(working: boolean, waiting: number): string {
  if (working) return "working";
  return waiting > 0 ? "not working (adept queue start)" : "idle";
}

const ANSWERS: Readonly<Record<string, (waiting: number) => string>> = {
  start: (waiting) => (waiting > 0 ? `working through ${waiting} runs` : "nothing waits"),
  stop: (waiting) => `ends after the run at work; ${waiting} keep waiting`,
  clear: (waiting) => `${waiting} runs taken out of the queue`,
};
