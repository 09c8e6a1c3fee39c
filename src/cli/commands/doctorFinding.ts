import type { TorchTold } from "../../engine/torch/torchAnswers.ts";

/** One line of `adept doctor`; `fix`: the command that helps. */
export interface Finding {
  what: string;
  ok: boolean;
  detail: string;
  fix?: string | undefined;
  device?: string;
  name?: string;
  milliseconds?: number;
  bf16Milliseconds?: number;
  /** What PyTorch told of itself. */
  torch?: TorchTold;
}

/** A reason without the experiment's key that it begins with. */
export const withoutKey = (reason: string): string => reason.replace(/^engine\.\w+: /, "");

/** Returns what `look` finds. If it throws, returns a finding with the error's first line. */
export async function attempt(what: string, fix: string, look: () => string | Promise<string>): Promise<Finding> {
  try {
    return { what, ok: true, detail: await look() };
  } catch (error) {
    return {
      what,
      ok: false,
      detail: (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "",
      fix,
    };
  }
}
