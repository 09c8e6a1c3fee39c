import type { Parameters } from "../method/parameters.ts";
import type { Batch } from "../backbone/batch.ts";
import type { GenerateOptions, StepOptions, TunedModel } from "./model.ts";
import type { Bug, ErrorData } from "../base/errors.ts";

/** A call of a model that runs in another thread. It is sent as a structured clone, and never stored. */
export type ReplicaCall =
  | { call: "step"; parameters: Parameters; batch: Batch; options: StepOptions }
  | { call: "losses"; parameters: Parameters; batch: Batch }
  | {
      call: "generate";
      parameters: Parameters;
      batch: Batch;
      maxTokens: number;
      options: GenerateOptions | undefined;
    }
  | { call: "predict"; parameters: Parameters; batch: Batch; maxTokens: number }
  | { call: "scoreTargets"; parameters: Parameters; batch: Batch; targets: readonly ArrayLike<number>[] }
  | { call: "release" };
/** A call with the id of its reply. */
export type ReplicaRequest = ReplicaCall & { id: number };
/** The result of the call with that id, or its error. */
export type ReplicaReply = { id: number; result: unknown } | { id: number; error: ErrorData | Bug };

/** Carries out a call. A release is not among them: it needs no model. */
export function answer(model: TunedModel, request: Exclude<ReplicaCall, { call: "release" }>): Promise<unknown> {
  switch (request.call) {
    case "step":
      return model.step(request.parameters, request.batch, request.options);
    case "losses":
      return model.losses(request.parameters, request.batch);
    case "generate":
      return model.generate(request.parameters, request.batch, request.maxTokens, request.options);
    case "predict":
      return model.predict(request.parameters, request.batch, request.maxTokens);
    case "scoreTargets":
      return model.scoreTargets(request.parameters, request.batch, request.targets);
  }
}
