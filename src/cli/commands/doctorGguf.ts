import { ggufProblem } from "../../backbone/ggufProblem.ts";
import { english } from "../../base/phrase.ts";
import { shownName, type LocalModel } from "../../base/localModels/localModels.ts";
import type { Finding } from "./doctorFinding.ts";

/** The most models that are named with the reason why they cannot be used. */
const MOST_NAMED = 10;

/** The reason why a model cannot be used; a bug in reading one must not hide the others. */
function problemOf(path: string): string | undefined {
  try {
    const problem = ggufProblem(path);
    return problem && english(problem);
  } catch (error) {
    return String(error);
  }
}

/** How many GGUF models other programs keep here, and which of them cannot be used, with the reason. */
export function ggufFinding(models: readonly LocalModel[]): Finding {
  const what = "GGUF models";
  if (models.length === 0) return { what, ok: true, detail: "Ollama, LM Studio and others have none here" };
  const counts = new Map<string, number>();
  for (const { program } of models) counts.set(program, (counts.get(program) ?? 0) + 1);
  const told = [...counts].map(([program, count]) => `${program} has ${count}`).join(", ");
  const unusable = models.flatMap((model) => {
    const problem = problemOf(model.path);
    return problem === undefined ? [] : [`${shownName(model)} (${problem})`];
  });
  const named = unusable.slice(0, MOST_NAMED).join(", ");
  const more = unusable.length > MOST_NAMED ? ` and ${unusable.length - MOST_NAMED} more` : "";
  const cannot = unusable.length === 0 ? "all can be used" : `${unusable.length} cannot be used: ${named}${more}`;
  return { what, ok: true, detail: `${told}; ${cannot}` };
}
