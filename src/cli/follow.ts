import { plannedSizes } from "../record/plannedSizes.ts";
import { sizesText } from "../protocol/sizesText.ts";
import type { ChildProcess } from "node:child_process";
import { Presets, SingleBar } from "cli-progress";
import type { MeasuredDevice, RunEvent } from "../record/events.ts";
import { bytesText } from "../base/text/bytesText.ts";
import { explain } from "../base/text/explain.ts";
import { millisecondsText } from "../base/text/millisecondsText.ts";
import { secondsText } from "../base/text/secondsText.ts";
import { isFull } from "../base/files/diskSpace.ts";
import { signalWorker } from "../executor/stopRun.ts";
import { precisionText } from "../record/precisionText.ts";
import { applyEvent, foldEvents } from "../record/foldEvents.ts";
import { isLive, type RunRecord } from "../record/record.ts";
import { markIfInterrupted } from "../run/interruption/interruptedRuns.ts";
import { JournalTail } from "../run/journal/journalTail.ts";
import type { RunDirectory } from "../run/directory/runDirectory.ts";
import { metricName, metricValue } from "../record/metricText.ts";
import { clearLine, tell } from "./terminal.ts";

/** The interval (ms) at which a run's journal is read. */
const POLL = 200;
/** Waits for one polling interval. */
export const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, POLL));

const measuredText = ({ device, name, milliseconds, reason }: MeasuredDevice): string =>
  milliseconds === undefined
    ? `${name ?? device} none (${reason ?? ""})`
    : `${name ?? device} ${millisecondsText(milliseconds)} ms`;

function memoryText(event: Extract<RunEvent, { type: "memory" }>): string {
  const { backbone, weights, needed, available, device, copies, wanted, recomputed, step } = event;
  const what = [backbone, weights].filter((each) => each !== undefined).join(", ");
  const own = device?.available === undefined ? "" : `, ${bytesText(device.available)} are free`;
  return [
    `memory: ${what === "" ? "" : `${what}: `}needs ${bytesText(needed)}, ${bytesText(available)} are free`,
    ...(device === undefined ? [] : [`of the device's own ${bytesText(device.needed)}${own}`]),
    ...(copies < wanted ? [`copies of the model: ${copies} instead of ${wanted}`] : []),
    ...(recomputed === true ? ["each layer is computed again in the backward pass"] : []),
    ...(step === undefined ? [] : [`about ${secondsText(step.seconds)} a step of ${step.tokens} tokens`]),
  ].join("; ");
}

/** Shows progress on standard error: a bar on a terminal, otherwise a line for each 5 % of the run. */
class Progress {
  private readonly bar = process.stderr.isTTY
    ? new SingleBar(
        {
          format: "{bar} {value}/{total} loss {loss} {rate} tokens/s, {left} s left",
          stream: process.stderr,
          hideCursor: true,
        },
        Presets.shades_classic,
      )
    : undefined;
  private started = false;
  private nextLine = 0;

  show(event: RunEvent, record: RunRecord): void {
    if (event.type === "step") this.step(event, record);
    else if (event.type === "evaluation")
      this.line(
        `${event.label ?? "trained"} on ${event.split} at step ${event.step}: ${[
          `loss ${event.loss.toFixed(4)}`,
          ...Object.entries(event.metrics).map(([name, value]) => `${metricName(name)} ${metricValue(name, value)}`),
        ].join(", ")} (n=${event.examples})`,
      );
    else if (event.type === "plan")
      this.line(
        `${event.trainable} trainable parameters${sizesText(plannedSizes(event), "=")}; ${event.examples.train} training examples; ${event.device}`,
      );
    else if (event.type === "engine")
      this.line(
        `device: ${event.name}${event.measured.length === 0 ? ", the only one here" : `; a step: ${event.measured.map(measuredText).join(", ")}`}`,
      );
    else if (event.type === "status" && event.status === "preparing" && event.message !== undefined)
      this.line(event.message);
    else if (event.type === "precision") this.line(precisionText(event));
    else if (event.type === "memory") this.line(memoryText(event));
    else if (event.type === "warning") this.line(`warning: ${event.message}`);
    else if (event.type === "error") this.line(`error: ${explain(event.message, event.action)}`);
    else if (event.type === "git")
      this.line(`git ${event.kind}: ${[event.commit, event.message].filter((text) => text !== undefined).join("; ")}`);
  }

  private step(event: Extract<RunEvent, { type: "step" }>, record: RunRecord): void {
    const values = {
      loss: event.loss.toFixed(4),
      rate: Math.round(event.tokensPerSecond),
      left: Math.round(event.secondsLeft),
    };
    if (this.bar !== undefined) {
      if (!this.started) {
        this.bar.start(record.steps, event.step, values);
        this.started = true;
      }
      this.bar.update(event.step, values);
    } else if (event.step >= this.nextLine) {
      this.nextLine = event.step + Math.max(1, record.steps / 20);
      this.line(
        `step ${event.step}/${record.steps} loss ${values.loss}, ${values.rate} tokens/s, ${values.left} s left`,
      );
    }
  }

  private line(text: string): void {
    if (this.bar !== undefined && this.started) clearLine();
    tell(`${text}\n`);
  }

  stop(): void {
    if (this.started) this.bar?.stop();
  }
}

/** Returns a function that tells whether a worker's process has ended, or could not start. */
export function untilExit(child: ChildProcess): () => boolean {
  let ended = child.exitCode !== null;
  child
    .once("exit", () => {
      ended = true;
    })
    .once("error", () => {
      ended = true;
    });
  return () => ended;
}

/**
 * Shows a run until `hasEnded`. The first interrupt asks its worker to stop, the second ends it: Ctrl+C is a person's
 * word.
 * @param onTerminate is called at SIGTERM, which ends this process and is nobody's word about the run
 */
export async function follow(
  run: RunDirectory,
  hasEnded: (record: RunRecord) => boolean,
  onTerminate: () => void,
): Promise<{ record: RunRecord; interrupted: boolean }> {
  const tail = new JournalTail(run.path);
  const progress = new Progress();
  let record = foldEvents([]);
  let interrupts = 0;
  const interrupt = (): void => {
    if (interrupts++ === 0) {
      tell("\nstopping; the partial result is kept (again: end at once)\n");
      run.requestStop();
    } else signalWorker(run, "SIGKILL");
  };
  process.on("SIGINT", interrupt).on("SIGTERM", onTerminate);
  for (let last = false; !last;) {
    last = hasEnded(record);
    for (const event of tail.read()) {
      record = applyEvent(record, event);
      progress.show(event, record);
    }
    if (!last) await pause();
  }
  progress.stop();
  process.off("SIGINT", interrupt).off("SIGTERM", onTerminate);
  // On a full disk the worker may have written nothing at all, not even to its log.
  if (isLive(record.status))
    tell(
      isFull(run.path)
        ? `The disk is full: the worker of run ${run.id} ended and could not say so. Free some space, then: adept resume ${run.id}\n`
        : `the worker ended without a result; see ${run.logPath}\n`,
    );
  if (markIfInterrupted(run, record)) for (const event of tail.read()) record = applyEvent(record, event);
  return { record, interrupted: interrupts > 0 };
}
