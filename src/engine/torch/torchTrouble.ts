import { UserError } from "../../base/errors.ts";
import { listed, phrase, verbatim, type Phrase } from "../../base/phrase.ts";
import type { EngineSpec } from "../engineSpec.ts";
import { hasNvidia } from "../hardwareHere.ts";
import { firstLine, saysOutOfMemory } from "../runtimeWords.ts";
import { pythonCandidates, type PythonCandidate } from "./findPython.ts";
import { buildCommand, installCommand, pythonCommand, replaceCommand } from "./installTorch.ts";
import { lookForTorch } from "./lookForTorch.ts";
import type { TorchTold } from "./torchAnswers.ts";
import { TorchEnded, TorchFailed, TorchLate, TorchProcess, TorchRefusal } from "./torchProcess.ts";

const KEY = ["engine", "device"];
const NAME_ANOTHER = phrase`Name another Python, or the folder of its environment: the setting adept.torch.python, or the variable ADEPT_PYTHON.`;

const called = ({ path, namedBy }: PythonCandidate): Phrase =>
  namedBy === undefined ? verbatim(path) : phrase`${path} (${namedBy})`;

const lacks = (candidate: PythonCandidate): UserError => {
  const bare = phrase`${called(candidate)} has no PyTorch`;
  return new UserError(
    "torch-not-installed",
    phrase`engine.device: ${bare}`,
    verbatim(installCommand(candidate)),
  ).about(KEY, bare);
};

function gone(candidate: PythonCandidate): UserError {
  const bare = phrase`there is no Python ${called(candidate)}`;
  return new UserError("torch-python-missing", phrase`engine.device: ${bare}`, NAME_ANOTHER).about(KEY, bare);
}

function shortOfMemory(candidate: PythonCandidate, detail: string): UserError {
  const bare = phrase`the memory of this machine is not enough to load PyTorch in ${called(candidate)}: ${detail}`;
  return new UserError(
    "torch-load-memory-short",
    phrase`engine.device: ${bare}`,
    phrase`End other programs, raise the limit of memory (ulimit -v), or use engine.device "cpu".`,
  ).about(KEY, bare);
}

function refused(candidate: PythonCandidate, { refused: why }: TorchRefusal, device: string): UserError {
  const python = called(candidate);
  const { detail } = why;
  const command = (option: "--upgrade" | "--force-reinstall"): Phrase =>
    verbatim(replaceCommand(candidate.path, option));
  switch (why.refused) {
    case "missing":
      return lacks(candidate);
    case "old": {
      const bare = phrase`${python} has PyTorch ${detail}; 2.1 or later is needed`;
      return new UserError("torch-too-old", phrase`engine.device: ${bare}`, command("--upgrade")).about(KEY, bare);
    }
    case "broken": {
      if (saysOutOfMemory(new Error(detail))) return shortOfMemory(candidate, detail);
      const bare = phrase`${python} has PyTorch, but cannot load it: ${detail}`;
      return new UserError("torch-broken", phrase`engine.device: ${bare}`, command("--force-reinstall")).about(
        KEY,
        bare,
      );
    }
    case "device":
      return new UserError(
        "torch-lacks-device",
        phrase`engine.torchDevice: PyTorch ${detail} of ${python} has no "${device}" on this machine`,
        isForProcessor(detail) && device.startsWith("cuda") && hasNvidia()
          ? verbatim(buildCommand(candidate.path, "NVIDIA"))
          : phrase`Use "auto", or another device; adept doctor lists them.`,
      ).about(["engine", "torchDevice"]);
  }
}

/** Whether a version is that of a build for the processor alone. */
export const isForProcessor = (version: string): boolean => version.endsWith("+cpu");

function ended(candidate: PythonCandidate, error: TorchEnded): UserError {
  const python = called(candidate);
  if (saysOutOfMemory(error)) return shortOfMemory(candidate, firstLine(error));
  if (error instanceof TorchLate) {
    const bare = phrase`${python} did not load PyTorch within ${error.seconds} s`;
    return new UserError(
      "torch-slow",
      phrase`engine.device: ${bare}`,
      phrase`Try again: the second time its files may be in memory. A Python on a disk of this machine loads it in seconds.`,
    ).about(KEY, bare);
  }
  if (error.how === "ENOENT") return gone(candidate);
  const bare = phrase`${python} does not start: ${error.message}`;
  return new UserError("torch-python-fails", phrase`engine.device: ${bare}`, NAME_ANOTHER).about(KEY, bare);
}

/** What to say where no Python of those that were tried can be used: of one its own error, of several all reasons. */
function nowhere(errors: readonly UserError[]): UserError {
  const [first, ...others] = errors;
  if (first === undefined)
    return new UserError(
      "python-not-found",
      phrase`engine.device: "torch" needs a Python with PyTorch; there is no Python on this machine's PATH`,
      verbatim(pythonCommand()),
    ).about(KEY);
  if (others.length === 0) return first;
  return new UserError(
    "torch-nowhere",
    phrase`engine.device: no Python here has a PyTorch that can be used: ${listed(
      errors.map(({ bare }) => bare),
      "; ",
    )}. The setting adept.torch.python, or the variable ADEPT_PYTHON, names another`,
    first.actionPhrase,
  ).about(KEY);
}

export interface StartOptions {
  candidates?: readonly PythonCandidate[] | undefined;
  /** How long (ms) a Python may take to load PyTorch. */
  patience?: number | undefined;
}

/**
 * Starts PyTorch in the first Python that has it.
 * @throws UserError where none has
 */
export async function startTorch(
  spec: EngineSpec,
  { candidates = pythonCandidates(), patience }: StartOptions = {},
): Promise<{ process: TorchProcess; told: TorchTold }> {
  const errors: UserError[] = [];
  const device = spec.torchDevice ?? "auto";
  for (const candidate of candidates) {
    const started = new TorchProcess({
      python: candidate.path,
      device,
      threads: spec.threads,
      tf32: spec.tf32 ?? false,
      patience,
    });
    try {
      return { process: started, told: await started.told };
    } catch (error) {
      await started.end();
      if (error instanceof TorchRefusal) errors.push(refused(candidate, error, device));
      else if (error instanceof TorchEnded) errors.push(ended(candidate, error));
      else throw error;
    }
  }
  throw nowhere(errors);
}

/**
 * Checks that a Python has PyTorch, by its files. A Python that gives no answer is left to `startTorch`.
 * @throws UserError where none has
 */
export function requireTorch(candidates = pythonCandidates()): void {
  const looks = lookForTorch(candidates);
  if (looks.every(({ isThere, said }) => !isThere || said?.there === false))
    throw nowhere(looks.map(({ isThere, candidate }) => (isThere ? lacks(candidate) : gone(candidate))));
}

/** Turns an error of a process into a UserError where the user can act on it; returns any other unchanged. */
export function explainTorch(error: unknown, { torchDevice = "auto" }: EngineSpec): unknown {
  const isMemory = (error instanceof TorchFailed && error.kind === "memory") || isOfMemory(error);
  if (isMemory && error instanceof Error)
    return new UserError(
      "torch-memory-short",
      phrase`The memory of PyTorch's device "${torchDevice}" is not enough: ${firstLine(error)}`,
      phrase`Lower training.batchSize (training.accumulation makes up for it) or training.maxSourceLength.`,
    );
  if (error instanceof TorchEnded)
    return new UserError(
      "torch-process-ended",
      phrase`engine.device: ${error.message}`,
      phrase`Resume the run. If it ends again: a smaller training.batchSize, or engine.device "cpu". The system ends (SIGKILL) what takes too much memory.`,
    );
  return error;
}

const isOfMemory = (error: unknown): boolean => error instanceof TorchEnded && saysOutOfMemory(error);
