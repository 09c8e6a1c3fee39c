import { spawnSync } from "node:child_process";
import * as z from "zod";
import { devicesHere } from "../../src/engine/device/devicesHere.ts";
import type { Device } from "../../src/engine/engineSpec.ts";
import { pythonCandidates } from "../../src/engine/torch/findPython.ts";
import { PEER } from "./places.ts";

const PATIENCE = 120_000;

/** What PyTorch says of itself and its devices; bytes. */
const TorchFacts = z.object({
  python: z.string(),
  torch: z.string(),
  cuda: z.string(),
  hip: z.string(),
  driver: z.string(),
  threads: z.number(),
  devices: z.array(z.object({ name: z.string(), free: z.number(), total: z.number(), bf16: z.boolean() })),
});
export type TorchFacts = z.infer<typeof TorchFacts>;

/** What the machine has: onnxruntime's and TensorFlow.js's devices, and a Python with PyTorch or the reason of none. */
export interface Facts {
  devices: Device[];
  torch: (TorchFacts & { executable: string }) | undefined;
  why: string;
}

export function factsHere(): Facts {
  const devices = devicesHere().filter((device) => device !== "torch");
  let why = "there is no Python";
  for (const { path } of pythonCandidates()) {
    const { status, stdout, stderr, error } = spawnSync(path, [PEER, "facts"], { encoding: "utf8", timeout: PATIENCE });
    if (status === 0) return { devices, torch: { ...TorchFacts.parse(JSON.parse(stdout)), executable: path }, why: "" };
    why = `${path}: ${error?.message ?? stderr.trim().split("\n").at(-1) ?? ""}`;
  }
  return { devices, torch: undefined, why };
}
