import { parseArgs } from "node:util";
import {
  dequeue,
  endQueue,
  isQueueRunning,
  startQueue,
  waitingDevices,
  waitingRuns,
  workingDevices,
} from "../../executor/queue.ts";
import { adoptRuns } from "../../run/adoption.ts";
import { place, runsFolder } from "../place.ts";
import { tellOnce } from "../tellOnce.ts";
import { oneLine, say } from "../terminal.ts";
import { WrongUse } from "../wrongUse.ts";

/** adept queue list | start | stop | clear */
export function queue(args: string[]): Promise<number> {
  const {
    values,
    positionals: [what = "list"],
  } = parseArgs({
    args,
    allowPositionals: true,
    options: { "runs-dir": { type: "string" }, json: { type: "boolean" } },
  });
  const runsDir = runsFolder(values["runs-dir"]);
  adoptRuns(runsDir, tellOnce());
  const known = new Set([...workingDevices(runsDir), ...waitingDevices(runsDir)]);
  const devices = known.size > 0 ? [...known].sort() : ["auto"];
  const state = devices.map((device) => ({
    device,
    working: isQueueRunning({ runsDir, device }),
    waiting: waitingRuns(runsDir, device),
  }));
  if (what === "start")
    for (const { device, waiting } of state) {
      if (waiting.length > 0) startQueue({ ...place(), runsDir, device });
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
        `${device}: ${SAID[what]?.(waiting.length) ?? `${waiting.length} waiting, ${working ? "working" : waiting.length > 0 ? "not working (adept queue start)" : "idle"}`}`,
      );
      if (what === "list") for (const { run, record } of waiting) say(`  ${run.id}  ${oneLine(record.name)}`);
    }
  return Promise.resolve(0);
}

const SAID: Readonly<Record<string, (waiting: number) => string>> = {
  start: (waiting) => (waiting > 0 ? `working through ${waiting} runs` : "nothing waits"),
  stop: (waiting) => `ends after the run at work; ${waiting} keep waiting`,
  clear: (waiting) => `${waiting} runs taken out of the queue`,
};
