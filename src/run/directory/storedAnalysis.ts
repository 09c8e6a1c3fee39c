import { join } from "node:path";
import * as z from "zod";
import { boundedText } from "../../base/files/boundedFile.ts";
import { ANALYSIS_VERSIONS, type AnalysisName } from "../../experiment/analysisNames.ts";

/** Bytes of a stored analysis; those of 5,000 examples have some megabytes. */
const MOST_BYTES = 128 * 1024 * 1024;
export const StoredAnalysis = z.object({
  name: z.string(),
  version: z.number(),
  key: z.string(),
  examples: z.number(),
  result: z.unknown(),
});
export type StoredAnalysis = z.output<typeof StoredAnalysis>;

export const analysisPath = (runPath: string, name: string): string => join(runPath, "analysis", `${name}.json`);

/** A stored result, if there is one that this version made; a damaged file is none. */
export function storedAnalysis(runPath: string, name: AnalysisName): StoredAnalysis | undefined {
  try {
    const stored = StoredAnalysis.parse(JSON.parse(boundedText(analysisPath(runPath, name), MOST_BYTES)));
    return stored.version === ANALYSIS_VERSIONS[name] ? stored : undefined;
  } catch {
    return undefined;
  }
}
