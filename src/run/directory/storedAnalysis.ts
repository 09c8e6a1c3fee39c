import { join } from "node:path";
import * as z from "zod";
import { boundedText } from "../../base/files/boundedFile.ts";
import { ANALYSIS_VERSIONS, type AnalysisName } from "../../experiment/analysisNames.ts";

/** The largest accepted analysis file in bytes; one of 5,000 examples has some megabytes. */
const MOST_BYTES = 128 * 1024 * 1024;
/** An analysis as stored in a run's folder. `key` identifies its inputs, `version` the code that made it. */
export const StoredAnalysis = z.object({
  name: z.string(),
  version: z.number(),
  key: z.string(),
  examples: z.number(),
  result: z.unknown(),
});
export type StoredAnalysis = z.output<typeof StoredAnalysis>;

/** The file of a run's analysis. */
export const analysisPath = (runPath: string, name: string): string => join(runPath, "analysis", `${name}.json`);

/**
 * Reads a run's stored analysis. Returns undefined if it is missing, damaged, or made by another version of the
 * analysis.
 */
export function storedAnalysis(runPath: string, name: AnalysisName): StoredAnalysis | undefined {
  try {
    const stored = StoredAnalysis.parse(JSON.parse(boundedText(analysisPath(runPath, name), MOST_BYTES)));
    return stored.version === ANALYSIS_VERSIONS[name] ? stored : undefined;
  } catch {
    return undefined;
  }
}
