import type { TokenWorker } from "../../executor/tokenWorker.ts";
import { localised } from "../window/localised.ts";
import type { NamedBackbone } from "./chooseBackbone.ts";

/**
 * The models that cannot be used, each with its reason, which it keeps. They are asked about one after the other, so
 * that questions of the page come in between.
 */
export async function* unusable(
  models: readonly NamedBackbone[],
  tokens: { get: () => Pick<TokenWorker, "usable"> },
): AsyncGenerator<{ name: string; problem: string }> {
  for (const model of models) {
    try {
      const { problem } = await tokens.get().usable({ path: model.folder });
      if (problem === undefined) continue;
      model.problem = localised(problem);
      yield { name: model.name, problem: model.problem };
    } catch {
      // It is offered as before: the page says what is wrong when it is chosen.
    }
  }
}
