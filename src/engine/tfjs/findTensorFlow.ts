import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { phrase, verbatim } from "../../base/phrase.ts";

/** The packages of TensorFlow.js for Node in order of preference: for NVIDIA GPUs, and for the CPU alone. */
const PACKAGES = ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"] as const;
const VERSION = "4.22.0";

/**
 * The folder that TensorFlow.js is installed into: the one that ADEPT_TFJS names, or `.adept/tfjs` in the home folder.
 */
export const tensorFlowFolder = (): string => process.env["ADEPT_TFJS"] ?? join(homedir(), ".adept", "tfjs");

/**
 * Returns the command that installs the package, from any folder. It allows install scripts, since the package's own
 * one fetches libtensorflow. macOS has no package for GPUs.
 */
export const installCommand = (
  name: (typeof PACKAGES)[number] = PACKAGES[process.platform === "darwin" ? 1 : 0],
): string => `npm install --ignore-scripts=false --prefix "${tensorFlowFolder()}" ${name}@${VERSION}`;

/** What each package needs, for messages. */
export const TENSORFLOW_WANTS = phrase`${PACKAGES[0]} ${VERSION} has libtensorflow 2.9.1, for NVIDIA GPUs with CUDA 11.2 and cuDNN 8.1 on Linux or Windows; ${PACKAGES[1]} wants no GPU`;

/** An installed package of TensorFlow.js, and its folder. */
export interface FoundTensorFlow {
  name: (typeof PACKAGES)[number];
  folder: string;
}

function ownFolder(name: string): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

/** Whether the package has its native part, which an install without scripts lacks. */
function isBuilt(folder: string): boolean {
  const lib = join(folder, "lib");
  return existsSync(lib) && readdirSync(lib).some((each) => existsSync(join(lib, each, "tfjs_binding.node")));
}

/**
 * Finds an installed package. With ADEPT_TFJS set, only that folder is searched; otherwise the program's own
 * node_modules, then `.adept/tfjs` in the home folder.
 * @returns undefined where none is installed
 * @throws UserError where one is installed without its native part
 */
export function findTensorFlow(): FoundTensorFlow | undefined {
  for (const name of PACKAGES) {
    const installed = join(tensorFlowFolder(), "node_modules", name);
    const folder =
      (process.env["ADEPT_TFJS"] === undefined ? ownFolder(name) : undefined) ??
      (existsSync(installed) ? installed : undefined);
    if (folder === undefined) continue;
    if (!isBuilt(folder))
      throw new UserError(
        "tensorflow-native-part-missing",
        phrase`${folder} lacks its native part: its install script did not run, or could not fetch libtensorflow`,
        verbatim(installCommand(name)),
      );
    return { name, folder };
  }
  return undefined;
}

/**
 * Finds an installed package of TensorFlow.js.
 * @throws UserError where none is installed, or one without its native part
 */
export function requireTensorFlow(): FoundTensorFlow {
  const found = findTensorFlow();
  if (found === undefined)
    throw new UserError(
      "tensorflow-not-installed",
      phrase`engine.device: "tfjs" needs TensorFlow.js for Node, which is not installed`,
      phrase`${installCommand()} (${TENSORFLOW_WANTS})`,
    );
  return found;
}
