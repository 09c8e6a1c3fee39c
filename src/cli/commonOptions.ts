import type { Options } from "./command.ts";

/** Options that many commands share. */
export const RUNS_DIR = {
  "runs-dir": { type: "string", value: "DIR", default: ".adept/runs", help: "folder of the runs" },
} as const satisfies Options;

export const JSON_OUTPUT = {
  json: { type: "boolean", help: "prints one JSON document on standard output" },
} as const satisfies Options;

export const RUN_OPTIONS = { ...RUNS_DIR, ...JSON_OUTPUT } as const;
