import { availableParallelism } from "node:os";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { findTensorFlow } from "../../../src/engine/tfjs/findTensorFlow.ts";
import { findTorch, NO_TORCH } from "./python.ts";
import { Side, TORCH_NAMES, type TorchMode } from "./side.ts";

export const PEERS = ["eager", "compile", "bf16", "tfjs"] as const;
export type Peer = (typeof PEERS)[number];
export const THREADS = availableParallelism();

const KEPT = join(import.meta.dirname, "../../cache/tfjs");
if (process.env["ADEPT_TFJS"] === undefined && existsSync(KEPT)) process.env["ADEPT_TFJS"] = KEPT;

export const peerName = (peer: Peer): string => (peer === "tfjs" ? "our tfjs engine" : TORCH_NAMES[peer]);

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
  peer === "tfjs" ? Side.engine(folder, THREADS, "tfjs") : Side.torch(folder, THREADS, peer satisfies TorchMode);

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
