import { phrase, said } from "../../base/phrase.ts";
import type { NewRunEvent } from "../../record/events.ts";

/** The exit code of a worker that has left its run: that of a process that SIGTERM ends. */
export const LEFT_CODE = 143;

/** Tells that a worker has left its run because its process was asked to end. It is no fault of the run. */
export const LEFT: NewRunEvent = {
  type: "status",
  status: "interrupted",
  by: "signal",
  ...said(phrase`The worker was asked to end and has saved the run; resume continues from there.`),
};
