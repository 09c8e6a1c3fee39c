import { availableParallelism } from "node:os";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { findTensorFlow } from "../../../src/engine/tfjs/findTensorFlow.ts";
import { findTorch, NO_TORCH } from "./python.ts";
import { Side, TORCH_NAMES, type OwnEngine, type TorchMode } from "./side.ts";

export const PEERS = ["eager", "compile", "bf16", "tfjs", "torch", "torch-bf16"] as const;
/** The peers that are other engines of this project. */
const OWN: Readonly<Partial<Record<Peer, string>>> = {
  tfjs: "our tfjs engine",
  torch: "our torch engine",
  "torch-bf16": "our torch engine in bf16",
};
export type Peer = (typeof PEERS)[number];
export const THREADS = availableParallelism();

const KEPT = join(import.meta.dirname, "../../cache/tfjs");
if (process.env["ADEPT_TFJS"] === undefined && existsSync(KEPT)) process.env["ADEPT_TFJS"] = KEPT;

export const peerName = (peer: Peer): string => OWN[peer] ?? TORCH_NAMES[peer as TorchMode];

/** The reason why a peer cannot run on this machine; undefined if it can. */
export function lacking(peer: Peer): string | undefined {
  if (peer !== "tfjs") return findTorch() === undefined ? NO_TORCH : undefined;
  try {
    return findTensorFlow() === undefined ? "TensorFlow.js is not built (test/tfjs/build.sh)" : undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export const startPeer = (peer: Peer, folder: string): Side =>
  peer in OWN ? Side.engine(folder, THREADS, peer as OwnEngine) : Side.torch(folder, THREADS, peer as TorchMode);

/** The peers that an option names, or all peers without the option. @throws Error for an unknown name */
export function peersNamed(given: string | undefined): Peer[] {
  return (given ?? PEERS.join())
    .split(",")
    .filter((name) => name !== "")
    .map((name) => {
      const peer = PEERS.find((each) => each === name);
      if (peer === undefined) throw new Error(`there is no peer ${name}: ${PEERS.join(", ")}`);
      return peer;
    });
}
