import type { Parameters } from "../method/parameters.ts";
import type { Batch } from "../backbone/batch.ts";
import type { StepOptions, TunedModel } from "./model.ts";
import type { Bug, ErrorData } from "../base/errors.ts";

/** A call of a model that runs in another thread; structured clones, never stored. */
export type ReplicaCall =
  | { call: "step"; parameters: Parameters; batch: Batch; options: StepOptions }
  | { call: "losses"; parameters: Parameters; batch: Batch }
  | { call: "generate" | "predict"; parameters: Parameters; batch: Batch; maxTokens: number }
  | { call: "scoreTargets"; parameters: Parameters; batch: Batch; targets: readonly ArrayLike<number>[] }
  | { call: "release" };
export type ReplicaRequest = ReplicaCall & { id: number };
export type ReplicaReply = { id: number; result: unknown } | { id: number; error: ErrorData | Bug };

/** Does what was asked for, but for the release, which needs no model. */
export function answer(model: TunedModel, asked: Exclude<ReplicaCall, { call: "release" }>): Promise<unknown> {
  switch (asked.call) {
    case "step":
      return model.step(asked.parameters, asked.batch, asked.options);
    case "losses":
      return model.losses(asked.parameters, asked.batch);
    case "generate":
      return model.generate(asked.parameters, asked.batch, asked.maxTokens);
    case "predict":
      return model.predict(asked.parameters, asked.batch, asked.maxTokens);
    case "scoreTargets":
      return model.scoreTargets(asked.parameters, asked.batch, asked.targets);
  }
}
