import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import * as z from "zod";
import { pythonCandidates, type PythonCandidate } from "./findPython.ts";

/** How long (ms) a Python may take to say whether it has PyTorch. */
const PATIENCE = 10_000;
/** The most bytes that a Python's own start may print. */
const MOST_PRINTED = 2 ** 26;
const TOKEN = "<adept torch>";

/** Looks for the package as adept_torch.py imports it, without importing it. */
const SCRIPT = `
import importlib.metadata, importlib.util, json, os, site, sys
own = site.getusersitepackages()
if importlib.util.find_spec("torch") is None and os.path.isdir(os.path.join(own, "torch")):
    sys.path.append(own)
version = None
try:
    version = importlib.metadata.version("torch")
except Exception:
    pass
there = importlib.util.find_spec("torch") is not None
print("\\n${TOKEN}" + json.dumps({"there": there, "torch": version, "python": sys.version.split()[0]}))
`;

const Said = z.object({ there: z.boolean(), torch: z.string().nullable(), python: z.string() });

/** What was found out about a Python without importing PyTorch. */
export interface TorchLook {
  candidate: PythonCandidate;
  /** Whether there is such a program. */
  isThere: boolean;
  /** Undefined: it said nothing that can be read, or not in time. */
  said: z.infer<typeof Said> | undefined;
}

function readAnswer(stdout: string): TorchLook["said"] {
  const at = stdout.lastIndexOf(TOKEN);
  if (at < 0) return undefined;
  try {
    return Said.parse(JSON.parse(stdout.slice(at + TOKEN.length).split("\n")[0] ?? ""));
  } catch {
    return undefined;
  }
}

function look(candidate: PythonCandidate, patience: number): TorchLook {
  const { stdout, error } = spawnSync(candidate.path, ["-I", "-c", SCRIPT], {
    cwd: tmpdir(),
    encoding: "utf8",
    timeout: patience,
    killSignal: "SIGKILL",
    maxBuffer: MOST_PRINTED,
    windowsHide: true,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const isThere = error === undefined || !("code" in error) || error.code !== "ENOENT";
  return { candidate, isThere, said: error === undefined ? readAnswer(stdout) : undefined };
}

const known = new Map<string, readonly TorchLook[]>();

/**
 * Asks the Pythons in turn whether they have PyTorch, up to the first that has it. Takes some hundredths of a second
 * for each, and is done once in a process.
 */
export function lookForTorch(candidates = pythonCandidates(), patience = PATIENCE): readonly TorchLook[] {
  const key = JSON.stringify(candidates);
  const before = known.get(key);
  if (before !== undefined) return before;
  const looks: TorchLook[] = [];
  for (const candidate of candidates) {
    const own = look(candidate, patience);
    looks.push(own);
    if (own.said?.there === true) break;
  }
  known.set(key, looks);
  return looks;
}

/** Whether a Python here has PyTorch, by its files. */
export const hasTorch = (): boolean => lookForTorch().some(({ said }) => said?.there === true);
