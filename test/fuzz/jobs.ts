import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Inputs } from "./inputs.ts";
import { READERS } from "./readers.ts";
import { MOST_MS, type Finding } from "./verdict.ts";

/** Inputs `from` up to `to` of a reader. */
export interface Job {
  job: number;
  reader: string;
  seed: number;
  from: number;
  to: number;
}
export interface Done {
  job: number;
  reader: string;
  inputs: number;
  accepted: number;
  refused: number;
  findings: number;
  seconds: number;
  slowest: number;
  largest: number;
  /** Megabytes that the process had at most, with everything that it had loaded. */
  peak: number;
}
export type Told = { finding: Omit<Finding, "input"> } | { done: Done };

const HEAP_MB = 512;
const MOST_RSS_MB = 1500;
const LOOK_MS = 100;
/** Where a clock of the processor cannot be asked, and where a process waits for something instead of working. */
const MOST_WAIT_MS = 20_000;
/** The number of inputs that end the process, after which a reader is given up. */
const MOST_ENDS = 12;

/** Milliseconds of a processor and megabytes of a process, where the system tells (Linux). */
function useOf(pid: number): { milliseconds: number; megabytes: number } | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
    return {
      milliseconds: 10 * (Number(fields[11]) + Number(fields[12])),
      megabytes: (Number(fields[21]) * 4096) / 2 ** 20,
    };
  } catch {
    return undefined;
  }
}

/** The reason why a process was ended, and the input at that time. */
interface End {
  job: number;
  index: number;
  kind: Finding["kind"];
  what: string;
}

/** Starts the process that runs jobs. It writes its current job and input to the file `progress`. */
function start(jobs: readonly Job[], folder: string, progress: string) {
  return spawn(
    process.execPath,
    [
      `--max-old-space-size=${HEAP_MB}`,
      "--import",
      "tsx",
      join(import.meta.dirname, "child.ts"),
      progress,
      JSON.stringify(jobs),
    ],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, RAYON_NUM_THREADS: "1", TOKENIZERS_PARALLELISM: "false", XDG_CACHE_HOME: folder },
    },
  );
}

/** Runs jobs in one process until they are done, or one of their inputs ends it. */
function once(jobs: readonly Job[], onTold: (told: Told) => void): Promise<End | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "adept-fuzz-run-"));
  const progress = join(folder, "progress");
  writeFileSync(progress, Buffer.from(Float64Array.of(-1, -1).buffer));
  const child = start(jobs, folder, progress);
  let stderr = "";
  let ended: Pick<End, "kind" | "what"> | undefined;
  let last = { job: -1, index: -1, since: Date.now(), work: 0 };
  const at = (): { job: number; index: number } => {
    const bytes = readFileSync(progress);
    const [job = -1, index = -1] = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 16));
    return { job, index };
  };
  createInterface({ input: child.stdout }).on("line", (line) => {
    onTold(JSON.parse(line) as Told);
  });
  child.stderr.on("data", (part: Buffer) => {
    stderr = (stderr + part.toString()).slice(-8000);
  });
  const end = (kind: Finding["kind"], what: string): void => {
    ended ??= { kind, what };
    child.kill("SIGKILL");
  };
  const patienceAt = (job: number): number =>
    READERS.find(({ name }) => name === jobs.find((each) => each.job === job)?.reader)?.patience ?? MOST_MS;
  const watch = setInterval(() => {
    const now = at();
    const use = useOf(child.pid!);
    if (now.job !== last.job || now.index !== last.index) {
      last = { ...now, since: Date.now(), work: use?.milliseconds ?? 0 };
    }
    if (use !== undefined && use.megabytes > MOST_RSS_MB) end("memory", `${Math.round(use.megabytes)} MB`);
    else if (now.index >= 0 && use !== undefined && use.milliseconds - last.work > 3 * patienceAt(now.job))
      end("hang", `after ${use.milliseconds - last.work} ms of work`);
    else if (Date.now() - last.since > MOST_WAIT_MS * (now.index < 0 ? 6 : 1) + 5 * patienceAt(now.job))
      end("hang", `after ${Date.now() - last.since} ms`);
  }, LOOK_MS);
  return new Promise((resolve) => {
    child.once("close", (code, signal) => {
      clearInterval(watch);
      const now = at();
      rmSync(folder, { recursive: true, force: true });
      resolve(
        code === 0
          ? undefined
          : {
              ...now,
              ...(ended ?? {
                kind: "crash" as const,
                what: `${signal ?? code ?? ""}: ${/panicked at[^]*/.exec(stderr)?.[0].slice(0, 300) ?? stderr.slice(-600)}`,
              }),
            },
      );
    });
  });
}

/** Runs jobs to their end, past every input that ends the process. @returns what was found and how each job went */
export async function runJobs(jobs: readonly Job[]): Promise<{ findings: Finding[]; done: Done[] }> {
  const findings: Finding[] = [];
  const done: Done[] = [];
  const ends = new Map<number, number>();
  const inputOf = ({ reader, index }: Omit<Finding, "input">): string =>
    new Inputs(
      READERS.find(({ name }) => name === reader)!,
      jobs[0]!.seed,
    )
      .at(index)
      .toString("base64");
  let left = [...jobs];
  while (left.length > 0) {
    const end = await once(left, (told) => {
      if ("finding" in told) findings.push({ ...told.finding, input: inputOf(told.finding) });
      else done.push(told.done);
    });
    if (end === undefined) break;
    const at = left.find(({ job }) => job === end.job);
    if (at === undefined) throw new Error(`the fuzzing process did not start: ${end.what}`);
    const found = { reader: at.reader, index: end.index, kind: end.kind, what: end.what };
    findings.push({ ...found, input: inputOf(found) });
    const count = (ends.get(at.job) ?? 0) + 1;
    ends.set(at.job, count);
    done.push({
      job: at.job,
      reader: at.reader,
      inputs: end.index + 1 - at.from,
      accepted: 0,
      refused: 0,
      findings: 1,
      seconds: 0,
      slowest: 0,
      largest: 0,
      peak: 0,
    });
    left = left.slice(left.indexOf(at) + 1);
    if (count <= MOST_ENDS && end.index + 1 < at.to) left.unshift({ ...at, from: end.index + 1 });
  }
  return { findings, done };
}
