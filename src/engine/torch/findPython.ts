import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** A Python to try, and what names it. */
export interface PythonCandidate {
  path: string;
  /** The variable or setting that names it; absent: it was found on the PATH. */
  namedBy?: "ADEPT_PYTHON" | "VIRTUAL_ENV" | "CONDA_PREFIX";
}

type Environment = Readonly<Record<string, string | undefined>>;

const inEnvironment = (folder: string, platform: NodeJS.Platform): readonly string[] =>
  platform === "win32"
    ? [join(folder, "Scripts", "python.exe"), join(folder, "python.exe")]
    : [join(folder, "bin", "python"), join(folder, "bin", "python3")];

function onPath(names: readonly string[], env: Environment): string | undefined {
  const folders = (env["PATH"] ?? env["Path"] ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const name of names) for (const folder of folders) if (existsSync(join(folder, name))) return join(folder, name);
  return undefined;
}

/**
 * The Pythons that may have PyTorch, in order: the one that ADEPT_PYTHON names, alone; else that of the active virtual
 * environment, of the active conda environment, and `python3`.
 */
export function pythonCandidates(env: Environment = process.env, platform = process.platform): PythonCandidate[] {
  const named = env["ADEPT_PYTHON"];
  if (named !== undefined && named !== "") return [{ path: named, namedBy: "ADEPT_PYTHON" }];
  const found: PythonCandidate[] = [];
  for (const namedBy of ["VIRTUAL_ENV", "CONDA_PREFIX"] as const) {
    const folder = env[namedBy];
    const path = folder === undefined ? undefined : inEnvironment(folder, platform).find((each) => existsSync(each));
    if (path !== undefined) found.push({ path, namedBy });
  }
  const own = onPath(platform === "win32" ? ["python.exe", "python3.exe"] : ["python3", "python"], env);
  if (own !== undefined && !found.some(({ path }) => path === own)) found.push({ path: own });
  return found;
}
