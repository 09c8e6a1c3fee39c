import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";

/** A line as any version seals it. */
export function sealedLine(event: object): string {
  const text = JSON.stringify(event);
  return `${text.slice(0, -1)},"crc":"${crc32(text).toString(16).padStart(8, "0")}"}\n`;
}

/** A line that a later version may write. */
export const LATER = { type: "energy", time: 1_790_000_000_000, joules: 12 };

/** Adds a kind of event that only a later version knows. */
export function addLaterLine(runPath: string): void {
  appendFileSync(join(runPath, "events.jsonl"), sealedLine(LATER));
}

/** Makes a journal one of a later version, whose first line lacks something and has more. */
export function makeLater(runPath: string): void {
  const path = join(runPath, "events.jsonl");
  const [first = "", ...rest] = readFileSync(path, "utf8").split("\n");
  const { crc: _, backbone: __, ...created } = JSON.parse(first) as Record<string, unknown>;
  writeFileSync(path, [sealedLine({ ...created, version: 2, place: "cloud" }).trimEnd(), ...rest].join("\n"));
}
