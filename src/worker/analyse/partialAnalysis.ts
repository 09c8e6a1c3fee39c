import { appendFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import * as z from "zod";
import { makeFolder } from "../../base/files/atomicFile.ts";
import type { Memo } from "../../analysis/subject/subject.ts";
import { writeRunFile } from "../../run/files/runFile.ts";

const Line = z.object({ label: z.string(), value: z.unknown() });

/**
 * The cases that an analysis has finished so far, so that an interrupted one continues. The file has the content's key
 * in its first line and a case in each other line. Lines of other content are dropped, and so is an incomplete last
 * line.
 */
export class PartialAnalysis implements Memo {
  private readonly values = new Map<string, unknown>();

  constructor(
    private readonly path: string,
    key: string,
  ) {
    const [first, ...lines] = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
    if (first === key) for (const line of lines.slice(0, -1)) this.read(line);
    makeFolder(dirname(path));
    writeRunFile(
      path,
      [key, ...[...this.values].map(([label, value]) => JSON.stringify({ label, value })), ""].join("\n"),
    );
  }

  private read(line: string): void {
    try {
      const { label, value } = Line.parse(JSON.parse(line));
      this.values.set(label, value);
    } catch {
      /* a line that was damaged is a case to evaluate again */
    }
  }

  get(label: string): unknown {
    return this.values.get(label);
  }

  put(label: string, value: unknown): void {
    this.values.set(label, value);
    appendFileSync(this.path, `${JSON.stringify({ label, value })}\n`);
  }

  /** Deletes the file when the analysis is complete. */
  done(): void {
    rmSync(this.path, { force: true });
  }
}
