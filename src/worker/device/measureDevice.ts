import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { UserError } from "../../base/errors.ts";
import { english, phrase, type Phrase } from "../../base/phrase.ts";
import { ErrorSchema } from "../../base/phraseSchema.ts";
import { engineOf, type Candidate } from "../../engine/device/candidates.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { Calibration } from "./calibrate.ts";

/** The worker's bundle: beside the bundle that this file is part of, or in dist/ when this runs from source. */
const WORKER = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../../../dist/worker.js" : "./worker.js", import.meta.url),
);
/** How long (ms) a driver may take; then its process is ended. */
const PATIENCE = 90_000;

/** A device's step, or the reason why there is none and the command that helps. */
export type MeasuredStep = { device: Candidate } & (Calibration | Failure);

/** Why a device computes no step. */
export interface Failure {
  /** In English. */
  reason: string;
  /** The reason, to be shown in any language. */
  phrase?: Phrase | undefined;
  /** The code of the user's error that it is, if it is one. */
  code?: string | undefined;
  action?: string | undefined;
}
/** A failure with its reason. */
export const failed = (why: Phrase): Failure => ({ reason: english(why), phrase: why });
/** A failure with the reason, code and advice of a user's error. */
export const failedBy = ({ code, phrase: why, action }: UserError): Failure => ({ ...failed(why), code, action });
export interface MeasureOptions {
  signal?: AbortSignal | undefined;
  workerPath?: string;
  patience?: number;
}

const Printed = z.union([z.object({ result: Calibration }), z.object({ error: ErrorSchema })]);

/** The job's answer: the last line that the process printed, since drivers print too. */
function answerIn(stdout: string): z.infer<typeof Printed> | undefined {
  const line = stdout.slice(stdout.lastIndexOf("\n{") + 1);
  try {
    return Printed.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** Times an experiment's step on a device, in a process of its own that a driver may crash or hang. It never throws. */
export function measureDevice(
  experiment: Experiment,
  device: Candidate,
  { signal, workerPath = WORKER, patience = PATIENCE }: MeasureOptions = {},
): Promise<MeasuredStep> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [workerPath, "calibrate", "-", "--parent", String(process.pid)], {
      stdio: ["pipe", "pipe", "pipe"],
      windowsHide: true,
      env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
    });
    let stdout = "";
    let stderr = "";
    let late = false;
    const end = (): void => {
      child.kill("SIGKILL");
    };
    const timer = setTimeout(() => {
      late = true;
      end();
    }, patience);
    signal?.addEventListener("abort", end, { once: true });
    const finish = (step: MeasuredStep): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve(step);
    };
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-2000);
    });
    child.stdin.on("error", () => {
      /* it has ended, which its exit tells */
    });
    child.once("error", (error) => {
      finish({ device, ...failed(phrase`its process did not start: ${error.message}`) });
    });
    child.once("close", (code, by) => {
      const answer = answerIn(stdout);
      if (answer !== undefined && "result" in answer) finish({ device, ...answer.result });
      else if (answer !== undefined) finish({ device, ...failedBy(UserError.of(answer.error)) });
      else if (late) finish({ device, ...failed(phrase`no step within ${Math.round(patience / 1000)} s`) });
      else {
        const last = stderr.trim().split("\n").at(-1) ?? "";
        const how = by ?? String(code);
        const why =
          last === "" ? phrase`its process ended (${how})` : phrase`its process ended (${how}): ${last.slice(0, 200)}`;
        finish({ device, ...failed(why) });
      }
    });
    child.stdin.end(JSON.stringify({ ...experiment, engine: engineOf(device, experiment.engine) }));
    if (signal?.aborted === true) end();
  });
}
