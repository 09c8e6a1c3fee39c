import { existsSync, readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";

/** A Python to try, and what names it. */
export interface PythonCandidate {
  path: string;
  /** The variable that names it; absent: it was found in the product's own place or on the PATH. */
  namedBy?: "ADEPT_PYTHON" | "VIRTUAL_ENV" | "CONDA_PREFIX";
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The folder of a virtual environment of the product's own, which a message tells how to make. */
export const ownEnvironment = (): string => join(homedir(), ".adept", "torch");

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** Where an environment has its Python: of venv, and of conda on Windows. */
const inEnvironment = (folder: string, platform: NodeJS.Platform): readonly [string, string] =>
  platform === "win32"
    ? [join(folder, "Scripts", "python.exe"), join(folder, "python.exe")]
    : [join(folder, "bin", "python"), join(folder, "bin", "python3")];

/**
 * Whether a program of Windows only says that Python can be had from the Microsoft Store. A Python that was installed
 * from there has a folder beside it.
 */
const isStoreStub = (path: string): boolean =>
  /[\\/]WindowsApps[\\/][^\\/]*$/i.test(path) &&
  !readdirSync(dirname(path)).some((name) => name.startsWith("PythonSoftwareFoundation.Python"));

function onPath(names: readonly string[], env: Environment): string | undefined {
  const folders = (env["PATH"] ?? env["Path"] ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const name of names)
    for (const folder of folders) {
      const path = join(folder, name);
      if (existsSync(path) && !isFolder(path) && !isStoreStub(path)) return path;
    }
  return undefined;
}

/**
 * The program that a user's words name: a path, which may begin with "~" and is relative to the current folder; the
 * folder of an environment; or a name that is looked for on the PATH, never in the current folder.
 */
function named(words: string, env: Environment, platform: NodeJS.Platform): string {
  const text = /^~(?=$|[\\/])/.test(words) ? join(homedir(), words.slice(1)) : words;
  if (!isAbsolute(text) && !/[\\/]/.test(text)) {
    const names = platform === "win32" ? [text, `${text}.exe`] : [text];
    const found = onPath(names, env);
    if (found !== undefined) return found;
    if (!isFolder(text)) return text;
  }
  const path = resolve(text);
  if (!isFolder(path)) return path;
  const places = inEnvironment(path, platform);
  return places.find((each) => existsSync(each)) ?? places[0];
}

/**
 * The Pythons that may have PyTorch, in order: the one that ADEPT_PYTHON names, alone; else that of the active virtual
 * environment, of the active conda environment, of the product's own environment, and `python3`, which may be a script
 * that starts another, as pyenv has it.
 */
export function pythonCandidates(
  env: Environment = process.env,
  platform = process.platform,
  own = ownEnvironment(),
): PythonCandidate[] {
  const words = env["ADEPT_PYTHON"]?.trim();
  if (words !== undefined && words !== "") return [{ path: named(words, env, platform), namedBy: "ADEPT_PYTHON" }];
  const found: PythonCandidate[] = [];
  const add = (path: string | undefined, namedBy?: PythonCandidate["namedBy"]): void => {
    if (path !== undefined && !found.some((each) => each.path === path))
      found.push({ path, ...(namedBy !== undefined && { namedBy }) });
  };
  const pythonOf = (folder: string): string | undefined =>
    inEnvironment(folder, platform).find((each) => existsSync(each));
  for (const namedBy of ["VIRTUAL_ENV", "CONDA_PREFIX"] as const) {
    const folder = env[namedBy];
    if (folder !== undefined && folder !== "") add(pythonOf(folder), namedBy);
  }
  add(pythonOf(own));
  add(onPath(platform === "win32" ? ["python.exe", "python3.exe"] : ["python3", "python"], env));
  return found;
}
