import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after } from "node:test";

// A Python without PEFT fails the tests.
const PYTHON = process.env["ADEPT_PYTHON"] ?? "python3";

/** One Python for a whole file of tests: to import PyTorch takes longer than a test. It ends with the file's tests. */
export function pythonAnswers<Answer>(script: string): (...args: string[]) => Promise<Answer> {
  const python = spawn(PYTHON, [join(import.meta.dirname, script)], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<never>((_, reject) => {
    python.on("error", reject).on("exit", (code) => {
      reject(new Error(`${PYTHON} ended with ${code}`));
    });
  });
  ended.catch(() => undefined);
  const answers = createInterface(python.stdout)[Symbol.asyncIterator]();
  after(() => {
    python.stdin.end();
  });
  return async (...args) => {
    python.stdin.write(`${JSON.stringify(args)}\n`);
    const line = await Promise.race([answers.next(), ended]);
    const answer = JSON.parse(line.value as string) as Answer | { error: string };
    if (typeof answer === "object" && answer !== null && "error" in answer) throw new Error(String(answer.error));
    return answer;
  };
}
