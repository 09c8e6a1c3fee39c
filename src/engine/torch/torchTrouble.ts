import { UserError } from "../../base/errors.ts";
import { phrase, verbatim } from "../../base/phrase.ts";
import type { EngineSpec } from "../engineSpec.ts";
import { pythonCandidates } from "./findPython.ts";
import type { TorchTold } from "./torchAnswers.ts";
import { TorchEnded, TorchFailed, TorchProcess, TorchRefusal } from "./torchProcess.ts";

/** The command that installs PyTorch for a Python. */
export const installTorch = (python: string): string => `"${python}" -m pip install "torch>=2.1"`;

/** What to try where no Python has PyTorch. */
const NAME_ANOTHER = phrase`Or name a Python that has it: the setting adept.torch.python, or the variable ADEPT_PYTHON.`;

function refusedBy(python: string, { refused: { refused, detail } }: TorchRefusal, device: string): UserError {
  switch (refused) {
    case "missing":
      return new UserError(
        "torch-not-installed",
        phrase`engine.device: "torch" needs PyTorch, which ${python} does not have`,
        phrase`${installTorch(python)} ${NAME_ANOTHER}`,
      );
    case "old":
      return new UserError(
        "torch-too-old",
        phrase`engine.device: "torch" needs PyTorch 2.1 or later; ${python} has ${detail}`,
        phrase`${installTorch(python)} --upgrade`,
      );
    case "broken":
      return new UserError(
        "torch-broken",
        phrase`engine.device: ${python} has PyTorch, but cannot load it: ${detail}`,
        phrase`${installTorch(python)} --force-reinstall`,
      );
    case "device":
      return new UserError(
        "torch-lacks-device",
        phrase`engine.torchDevice: PyTorch ${detail} of ${python} has no "${device}" on this machine`,
        phrase`Use "auto", or another device; adept doctor lists them.`,
      );
  }
}

/**
 * Starts PyTorch in the first Python that has it.
 * @throws UserError where none has
 */
export async function startTorch(spec: EngineSpec): Promise<{ process: TorchProcess; told: TorchTold }> {
  const candidates = pythonCandidates();
  let first: UserError | undefined;
  for (const { path } of candidates) {
    const started = new TorchProcess({
      python: path,
      device: spec.torchDevice ?? "auto",
      threads: spec.threads,
      tf32: spec.tf32 ?? false,
    });
    try {
      return { process: started, told: await started.told };
    } catch (error) {
      await started.end();
      if (error instanceof TorchRefusal) first ??= refusedBy(path, error, spec.torchDevice ?? "auto");
      else if (error instanceof TorchEnded)
        first ??= new UserError(
          "torch-python-fails",
          phrase`engine.device: the Python ${path} does not start: ${error.message}`,
          NAME_ANOTHER,
        );
      else throw error;
    }
  }
  throw (
    first ??
    new UserError(
      "python-not-found",
      phrase`engine.device: "torch" needs a Python with PyTorch; there is no Python on this machine's PATH`,
      verbatim("sudo apt-get install -y python3 python3-pip"),
    )
  );
}

/** Turns an error of a process into a UserError where the user can act on it; returns any other unchanged. */
export function explainTorch(error: unknown, { torchDevice = "auto" }: EngineSpec): unknown {
  if (error instanceof TorchEnded)
    return new UserError(
      "torch-process-ended",
      phrase`The process of PyTorch ended (${error.how}): ${error.lastWords}`,
      phrase`Resume the run. If it ends again: a smaller training.batchSize, or engine.device "cpu".`,
    );
  if (error instanceof TorchFailed && error.kind === "memory")
    return new UserError(
      "torch-memory-short",
      phrase`The memory of PyTorch's device "${torchDevice}" is not enough: ${error.message.split("\n")[0] ?? ""}`,
      phrase`Lower training.batchSize (training.accumulation makes up for it) or training.maxSourceLength.`,
    );
  return error;
}
