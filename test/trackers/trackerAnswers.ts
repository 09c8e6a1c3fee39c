import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const OWN = join(import.meta.dirname, "../cache/trackers/bin/python");
/** The Python that has the trackers' packages. */
export const PYTHON = process.env["ADEPT_TRACKERS_PYTHON"] ?? (existsSync(OWN) ? OWN : undefined);

/** Asks what the trackers' packages read. */
export interface TrackerAnswers {
  ask<Answer>(kind: string, ...places: string[]): Promise<Answer>;
  end(): void;
}

/** Starts one Python for all questions of a file of tests: importing the packages takes longest. */
export function trackerAnswers(python: string): TrackerAnswers {
  const child = spawn(python, [join(import.meta.dirname, "read_trackers.py")], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<never>((_, reject) => {
    child.on("error", reject).on("exit", (code) => {
      reject(new Error(`${python} ended with ${code}`));
    });
  });
  ended.catch(() => undefined);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    async ask<Answer>(kind: string, ...places: string[]): Promise<Answer> {
      child.stdin.write(`${JSON.stringify([kind, ...places])}\n`);
      const { value } = (await Promise.race([lines.next(), ended])) as { value: string };
      const answer = JSON.parse(value) as Answer;
      if (typeof answer === "object" && answer !== null && "error" in answer) throw new Error(String(answer.error));
      return answer;
    },
    end: () => child.stdin.end(),
  };
}
