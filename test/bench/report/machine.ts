import { readFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { join } from "node:path";
import { torchVersion } from "../sides/python.ts";

/** The machine that figures were measured on. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGb: number;
  platform: string;
  node: string;
  onnxruntime: string;
  torch: string | undefined;
}

export function thisMachine(): Machine {
  const ort = JSON.parse(
    readFileSync(join(import.meta.dirname, "../../../node_modules/onnxruntime-node/package.json"), "utf8"),
  ) as { version: string };
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 1e9),
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    onnxruntime: ort.version,
    torch: torchVersion(),
  };
}
