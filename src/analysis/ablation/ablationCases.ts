import type { InputSide } from "../subject/alteredInput.ts";
import type { Case } from "../subject/outcomes.ts";
import type { Alter, Subject } from "../subject/subject.ts";

const hasOffsets = (side: InputSide): boolean => side.offsets !== undefined || side.positions !== undefined;

/**
 * The cases of the post-hoc component ablation: without offsets, without prompt, without both (removed, not zeroed).
 */
export function ablationCases({ side }: Pick<Subject, "side">): Case[] {
  const one = (label: string, alter: Alter): Case => ({ label, group: label, alter });
  const name = side.offsets === undefined ? "positions off" : "FFN off";
  const has = hasOffsets(side);
  return [
    ...(has ? [one(name, { scale: 0 })] : []),
    ...(side.prompt === undefined ? [] : [one("prompt off", { prompt: "removed" })]),
    ...(has && side.prompt !== undefined ? [one("both off", { prompt: "removed", scale: 0 })] : []),
  ];
}
