import { performance } from "node:perf_hooks";
import { ForbiddenPickle } from "../../src/backbone/files/tensorPickle.ts";
import { UserError } from "../../src/base/errors.ts";

/** Milliseconds that an input may take of a processor, and megabytes by which the process may grow for it. */
export const MOST_MS = 1000;
export const MOST_MB = 256;

export interface Finding {
  reader: string;
  index: number;
  kind: "error" | "slow" | "memory" | "crash" | "hang";
  what: string;
  input: string;
}
/** The outcome of an input: accepted, refused as documented, or a finding. */
export interface Verdict {
  accepted: boolean;
  milliseconds: number;
  megabytes: number;
  finding?: { kind: Finding["kind"]; what: string };
}

/** Megabytes that this process has had at most. */
export const peak = (): number => process.resourceUsage().maxRSS / 1024;
const isRefusal = (error: unknown): boolean => error instanceof UserError || error instanceof ForbiddenPickle;
const told = (error: unknown): string =>
  error instanceof Error
    ? `${error.name}: ${error.message.slice(0, 300)}\n${(error.stack ?? "")
        .split("\n")
        .filter((line) => /^\s+at /.test(line))
        .slice(0, 4)
        .join("\n")}`
    : String(error);

/** Gives one input to a reader. @param patience milliseconds of work that it may take */
export async function judge(read: (input: Buffer) => unknown, input: Buffer, patience = MOST_MS): Promise<Verdict> {
  const before = peak();
  const clock = performance.now();
  const work = process.cpuUsage();
  let accepted = true;
  let finding: Verdict["finding"];
  try {
    const result = read(input);
    if (result instanceof Promise) await result;
  } catch (error) {
    accepted = false;
    if (!isRefusal(error)) finding = { kind: "error", what: told(error) };
  }
  if (({} as { polluted?: unknown }).polluted !== undefined)
    finding = { kind: "error", what: "Object.prototype is polluted" };
  const milliseconds = performance.now() - clock;
  const megabytes = peak() - before;
  const { user, system } = process.cpuUsage(work);
  if (finding === undefined && milliseconds > patience && (user + system) / 1000 > patience)
    finding = { kind: "slow", what: `${Math.round(milliseconds)} ms` };
  if (finding === undefined && megabytes > MOST_MB) finding = { kind: "memory", what: `${Math.round(megabytes)} MB` };
  return { accepted, milliseconds, megabytes, ...(finding && { finding }) };
}
