import type { TokenWorker } from "../../../src/executor/tokenWorker.ts";

/** A worker that finds a fault in each file named small.gguf, and ends where one is named odd.gguf. */
export const answeredUsable: Pick<TokenWorker, "usable"> = {
  usable: ({ path }) => {
    if (path.endsWith("odd.gguf")) return Promise.reject(new Error("the worker ended"));
    const problem = { template: 'architecture "{0}" is not supported', values: ["x"] };
    return Promise.resolve(path.endsWith("small.gguf") ? { problem } : {});
  },
};
