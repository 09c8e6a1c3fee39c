import type { Options } from "./command.ts";

/** The option for the folder of runs. */
export const RUNS_DIR = {
  "runs-dir": { type: "string", value: "DIR", default: ".adept/runs", help: "folder of the runs" },
} as const satisfies Options;

/** The option for JSON output. */
export const JSON_OUTPUT = {
  json: { type: "boolean", help: "prints one JSON document on standard output" },
} as const satisfies Options;

/** The options of most commands on runs. */
export const RUN_OPTIONS = { ...RUNS_DIR, ...JSON_OUTPUT } as const;
