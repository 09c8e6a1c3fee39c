import { join } from "node:path";
import { hasAmd, hasNvidia } from "../hardwareHere.ts";
import { ownEnvironment, type PythonCandidate } from "./findPython.ts";

/** PyTorch's own indexes: builds of them are found where the default one has another. */
const INDEX = "https://download.pytorch.org/whl";
/** The builds that drive the most cards: CUDA 12.8 knows all from 2014 to Blackwell. */
const CUDA = "cu128";
const ROCM = "rocm6.4";

/** What decides which build of PyTorch a machine needs. */
export interface TorchMachine {
  platform: NodeJS.Platform;
  nvidia: boolean;
  amd: boolean;
}
const here = (): TorchMachine => ({ platform: process.platform, nvidia: hasNvidia(), amd: hasAmd() });

/** The index that has the build for this machine; the default one has that for CUDA on Linux, and Apple's. */
function indexOf({ platform, nvidia, amd }: TorchMachine): string {
  if (nvidia && platform === "win32") return ` --index-url ${INDEX}/${CUDA}`;
  if (platform !== "linux" || nvidia) return "";
  return ` --index-url ${INDEX}/${amd ? ROCM : "cpu"}`;
}

const quoted = (path: string): string => (/^[\w./\\:-]+$/.test(path) ? path : `"${path}"`);
const install = (python: string, rest: string): string => `${quoted(python)} -m pip install "torch>=2.1"${rest}`;

/**
 * The command that gives a Python PyTorch. The one of the system, whose packages belong to it, gets an environment
 * that this program finds.
 */
export function installCommand({ path, namedBy }: PythonCandidate, machine = here()): string {
  const own = ownEnvironment();
  if (namedBy !== undefined || path.startsWith(own) || machine.platform === "win32")
    return install(path, indexOf(machine));
  return `${quoted(path)} -m venv ${quoted(own)} && ${install(join(own, "bin", "python"), indexOf(machine))}`;
}

/** The command that replaces a PyTorch that is too old or damaged. */
export const replaceCommand = (path: string, option: "--upgrade" | "--force-reinstall", machine = here()): string =>
  install(path, ` ${option}${indexOf(machine)}`);

/** The command that replaces a PyTorch that was not built for a GPU's maker. */
export const buildCommand = (path: string, maker: "NVIDIA" | "AMD"): string =>
  install(path, ` --force-reinstall --index-url ${INDEX}/${maker === "AMD" ? ROCM : CUDA}`);

/** The command that installs Python itself. */
export function pythonCommand(platform = process.platform): string {
  if (platform === "win32") return "winget install Python.Python.3.12";
  return platform === "darwin" ? "brew install python" : "sudo apt-get install -y python3 python3-venv";
}
