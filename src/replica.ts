import { parentPort, workerData } from "node:worker_threads";
import { sentError } from "./base/errors.ts";
import { answer, type ReplicaReply, type ReplicaRequest } from "./model/replicaProtocol.ts";
import { LocalModel, type ModelOptions } from "./model/localModel.ts";

// A thread with a copy of a model, which the first call opens: what is wrong with it is then that call's answer.
let model: LocalModel | undefined;

parentPort?.on("message", (request: ReplicaRequest) => {
  const reply = (told: ReplicaReply): void => {
    parentPort?.postMessage(told);
  };
  const work = async (): Promise<unknown> =>
    request.call === "release"
      ? model?.release()
      : answer((model ??= LocalModel.open(workerData as ModelOptions)), request);
  work().then(
    (result) => {
      reply({ id: request.id, result });
    },
    (error: unknown) => {
      reply({ id: request.id, error: sentError(error) });
    },
  );
});
