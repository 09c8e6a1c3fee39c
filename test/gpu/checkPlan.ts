import type { PeerMode, OwnMode } from "./answering.ts";
import type { Facts } from "./facts.ts";
import { cutTo, LARGE, SMALL, type ModelShape } from "./modelShape.ts";

/** What the check does on a machine, and the seconds of each part. */
export interface CheckPlan {
  isGpu: boolean;
  /** PyTorch's device. */
  device: string;
  /** Threads of each side; 0: as many as it takes by itself. */
  threads: number;
  /** All together. */
  seconds: number;
  /** Until then (s from the start) goldens, the run and what compiles have time. */
  preparation: number;
  /** Goldens on each engine. */
  goldens: number;
  run: number;
  latency: number;
  length: "short" | "whole";
  shapes: readonly { shape: ModelShape; own: readonly OwnMode[]; peers: readonly PeerMode[]; compiled: PeerMode }[];
}

/** The share of the device's free memory that one copy of a model's weights may take, since several sides have one. */
const WEIGHT_SHARE = 0.2;
const BOTH: readonly OwnMode[] = ["fp32", "bf16"];

/** A processor has the same parts at sizes of seconds. One thread a side: PyTorch's spin where cores are shared. */
const DRY: CheckPlan = {
  isGpu: false,
  device: "cpu",
  threads: 1,
  seconds: 170,
  preparation: 110,
  goldens: 20,
  run: 70,
  latency: 40,
  length: "short",
  shapes: SMALL.map((shape) => ({
    shape,
    own: BOTH,
    peers: ["eager", shape.kind === "t5" ? "autocast" : "narrow"],
    compiled: "compile",
  })),
};

/** @param room bytes that the file of a model may have */
export function planFor({ torch }: Facts, room: number): CheckPlan {
  const [first] = torch?.devices ?? [];
  if (first === undefined) return DRY;
  const most = Math.min(room, WEIGHT_SHARE * first.free);
  const own = first.bf16 ? BOTH : (["fp32"] as const);
  return {
    isGpu: true,
    device: "cuda:0",
    threads: 0,
    seconds: 460,
    preparation: 170,
    goldens: 40,
    run: 90,
    latency: 45,
    length: "whole",
    shapes: LARGE.map((large) => {
      const shape = cutTo(large, most);
      // Weights of billions of parameters are computed with in bf16 alone.
      const isLarge = first.bf16 && large.stored === "BF16" && large.layers * large.hidden > 2e5;
      if (isLarge)
        return { shape, own: own.filter((mode) => mode === "bf16"), peers: ["narrow"], compiled: "compile-narrow" };
      return {
        shape,
        own,
        peers: first.bf16 ? ["eager", "autocast", "narrow"] : ["eager"],
        compiled: first.bf16 ? "compile-narrow" : "compile",
      };
    }),
  };
}

/** The plan with every time limit multiplied. */
export const patiently = (plan: CheckPlan, factor: number): CheckPlan => ({
  ...plan,
  seconds: plan.seconds * factor,
  preparation: plan.preparation * factor,
  goldens: plan.goldens * factor,
  run: plan.run * factor,
  latency: plan.latency * factor,
  shapes: plan.shapes.map((each) => ({ ...each, shape: { ...each.shape, seconds: each.shape.seconds * factor } })),
});
