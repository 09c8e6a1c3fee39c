import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const KEPT = join(import.meta.dirname, "../../cache/python/bin/python");
/** Pythons that may have torch, transformers and safetensors: ADEPT_PYTHON, else the tests' own, else python3. */
const candidates = (): string[] => {
  const named = process.env["ADEPT_PYTHON"];
  return named === undefined ? [...(existsSync(KEPT) ? [KEPT] : []), "python3"] : [named];
};

let found: { python: string; version: string } | undefined | null = null;

function find(): { python: string; version: string } | undefined {
  if (found === null) {
    found = undefined;
    for (const python of candidates()) {
      const { status, stdout } = spawnSync(
        python,
        ["-c", "import torch, transformers, safetensors; print(torch.__version__, transformers.__version__)"],
        { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
      );
      if (status === 0) {
        found = { python, version: stdout.trim().replace(" ", ", transformers ") };
        break;
      }
    }
  }
  return found;
}

/** A Python that has the peer's packages; undefined where there is none. */
export const findTorch = (): string | undefined => find()?.python;
export const torchVersion = (): string | undefined => find()?.version;
export const NO_TORCH = "no Python with torch, transformers and safetensors (ADEPT_PYTHON names one)";
