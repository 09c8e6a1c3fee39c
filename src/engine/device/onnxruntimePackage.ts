import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);

/** The folder of the installed onnxruntime-node package. */
export const onnxruntimeFolder = (): string => dirname(require.resolve("onnxruntime-node/package.json"));

/** The version of the installed onnxruntime-node package. */
export const onnxruntimeVersion = (): string =>
  (require("onnxruntime-node/package.json") as { version: string }).version;

/** The folder that the CUDA provider's libraries belong in. */
export const providerFolder = (): string => join(onnxruntimeFolder(), "bin", "napi-v6", process.platform, process.arch);
