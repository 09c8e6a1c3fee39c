import type { SlurmRequest } from "../../experiment/executorSpec.ts";

/** The signal before the time limit, unless the experiment says another, and how many seconds before. */
const SIGNAL = "USR1";
const SECONDS = 120;
/** The largest part of the time limit that is given to saving. */
const SHARE = 0.2;

/** A time limit in seconds; undefined if it is not given. Forms: minutes, h:m:s, m:s, days-h, days-h:m, days-h:m:s. */
export function limitSeconds(time: string | undefined): number | undefined {
  if (time === undefined) return undefined;
  const [rest = "", days] = time.split("-").reverse();
  const [a = 0, b = 0, c = 0] = rest.split(":").map(Number);
  if (days !== undefined) return Number(days) * 86_400 + a * 3600 + b * 60 + c;
  const parts = rest.split(":").length;
  return parts === 3 ? a * 3600 + b * 60 + c : a * 60 + b;
}

/** The signal before the time limit, such as "USR1@120"; undefined where none is wanted. */
function wanted({ signal, time }: SlurmRequest): string | undefined {
  if (signal === "none") return undefined;
  const limit = limitSeconds(time) ?? Infinity;
  return signal ?? `${SIGNAL}@${Math.max(1, Math.floor(Math.min(SECONDS, limit * SHARE)))}`;
}

/** The option of sbatch that has the batch script, whose place the worker takes, get the signal. */
export function signalOption(request: SlurmRequest): string[] {
  const signal = wanted(request);
  return signal === undefined ? [] : [`--signal=B:${signal}`];
}

/** The name under which Node knows the signal; undefined where none is wanted. */
export function signalName(request: SlurmRequest): NodeJS.Signals | undefined {
  const name = wanted(request)?.split("@")[0];
  return name === undefined ? undefined : (`SIG${name}` as NodeJS.Signals);
}
