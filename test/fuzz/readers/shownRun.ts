import type { RunRecord } from "../../../src/record/record.ts";
import { loadParts } from "../../host/loadParts.ts";
import { holds } from "../reader.ts";

type Parts = Awaited<ReturnType<typeof loadParts>>;
let parts: Parts | undefined;

/** Loads the window's own code once, with a stand-in for VS Code. */
export async function openShown(): Promise<void> {
  parts ??= await loadParts();
}

/** @throws what the window would stumble over in a run's record */
export function checkShown(record: RunRecord): void {
  const { runItem, runTooltip, viewOf, choiceOf } = parts!;
  const run = {
    id: "20260101-000000-abcd",
    record,
    folder: { uri: { fsPath: "/w", path: "/w" }, name: "w", index: 0 },
    directory: { path: "/w/.adept/runs/x", isBeingAnalysed: () => false },
  } as never;
  const item = runItem(run, record.name);
  holds(typeof item.description === "string", "a row's description");
  runTooltip(record);
  structuredClone([viewOf(run), choiceOf(run)]);
}
