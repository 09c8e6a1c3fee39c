import { existsSync } from "node:fs";
import { join } from "node:path";
import { loadTokenizer } from "../../../src/backbone/tokenizer/tokenizer.ts";
import { ResolvedExperiment } from "../../../src/experiment/experiment.ts";
import { loadTask } from "../../../src/task/loadTask.ts";
import { encodeAll } from "../../../src/training/batch/exampleEncoder.ts";
import { pairEncoder } from "../../../src/training/batch/pairEncoder.ts";
import type { TokenisedExample } from "../../../src/training/batch/tokenisedExample.ts";
import { TINY } from "./sideFolder.ts";

const DATA = join(import.meta.dirname, "../../../../shared/data");
/** The folder of a real set; undefined where it is not beside this checkout. */
export const setFolder = (name: string): string | undefined => {
  const folder = join(DATA, name);
  return existsSync(folder) ? folder : undefined;
};
/** The official recipe's lengths. */
export const LENGTHS = { maxSourceLength: 256, maxTargetLength: 8 };

/** A split of a real set in the embedded tokenizer's ids, and the ids of its labels. */
export async function realTexts(
  name: string,
  split: "train" | "validation",
  limit: number,
): Promise<{ examples: TokenisedExample[]; labels: number[][] }> {
  const { task } = ResolvedExperiment.parse({
    name,
    task: { kind: "named", name, folder: setFolder(name) },
    method: { kind: "adept" },
  });
  const data = await loadTask(task);
  const tokenizer = loadTokenizer(TINY);
  const labels = await Promise.all(data.labels.map(async (label) => Array.from(await tokenizer.encodeIds(label))));
  return { examples: await encodeAll(data[split].slice(0, limit), pairEncoder(tokenizer, LENGTHS)), labels };
}
