import * as z from "zod";
import type { CausalConfig } from "./causalConfig.ts";

/** Activations by the names that configs give them. */
const NAMES: Readonly<Record<string, CausalConfig["activation"]>> = {
  silu: "silu",
  swish: "silu",
  gelu: "gelu",
  gelu_python: "gelu",
  gelu_new: "gelu-tanh",
  gelu_fast: "gelu-tanh",
  gelu_accurate: "gelu-tanh",
  gelu_pytorch_tanh: "gelu-tanh",
  gelu_python_tanh: "gelu-tanh",
  relu: "relu",
};

/** The name of an activation in a config; another one than these is refused. */
export const Activation = z
  .enum(Object.keys(NAMES), `supported activations are ${Object.keys(NAMES).join(", ")}`)
  .transform((name) => NAMES[name]!);
