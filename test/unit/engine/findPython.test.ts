import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { after, test } from "node:test";
import { pythonCandidates } from "../../../src/engine/torch/findPython.ts";
import { buildCommand, installCommand, pythonCommand } from "../../../src/engine/torch/installTorch.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-python-"));
after(() => {
  rmSync(folder, { recursive: true });
});
function program(...parts: string[]): string {
  const path = join(folder, ...parts);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "#!/bin/sh\n");
  chmodSync(path, 0o755);
  return path;
}
const NONE = join(folder, "none");
const found = (env: Record<string, string>, platform: NodeJS.Platform = "linux", own = NONE) =>
  pythonCandidates(env, platform, own).map(({ path, namedBy }) => [path, ...(namedBy === undefined ? [] : [namedBy])]);

test("the Pythons are tried in order: environment, conda, the product's own, the PATH; each once", () => {
  const venv = program("venv", "bin", "python");
  const conda = program("conda", "bin", "python");
  const own = program("own", "bin", "python");
  const system = program("usr", "python3");
  program("usr", "python");
  const env = {
    VIRTUAL_ENV: join(folder, "venv"),
    CONDA_PREFIX: join(folder, "conda"),
    PATH: [NONE, join(folder, "usr")].join(delimiter),
  };
  assert.deepEqual(found(env, "linux", join(folder, "own")), [
    [venv, "VIRTUAL_ENV"],
    [conda, "CONDA_PREFIX"],
    [own],
    [system],
  ]);
  assert.deepEqual(found({ ...env, VIRTUAL_ENV: NONE, CONDA_PREFIX: "" }), [[system]], "what is not there is left out");
  assert.deepEqual(found({ VIRTUAL_ENV: join(folder, "venv"), PATH: join(folder, "venv", "bin") }), [
    [venv, "VIRTUAL_ENV"],
  ]);
  assert.deepEqual(found({ PATH: "" }), []);
});

test("a Python that is named is tried alone: a path, one in the home folder, an environment's folder, a name on the PATH", () => {
  const venv = program("venv", "bin", "python");
  const system = program("usr", "python3.12");
  const named = (words: string) =>
    found({ ADEPT_PYTHON: words, VIRTUAL_ENV: join(folder, "venv"), PATH: join(folder, "usr") }).map(([path, by]) => {
      assert.equal(by, "ADEPT_PYTHON");
      return path;
    });
  assert.deepEqual(named(venv), [venv]);
  assert.deepEqual(named(join(folder, "venv")), [venv]);
  assert.deepEqual(named(` ${join(folder, "venv")}/ `), [venv]);
  assert.deepEqual(named("~/none/bin/python"), [join(homedir(), "none", "bin", "python")]);
  assert.deepEqual(named("python3.12"), [system]);
  assert.deepEqual(named("python3.99"), ["python3.99"], "the system says that it is not there");
  assert.deepEqual(named("none/bin/python"), [resolve("none/bin/python")], "relative to the current folder");
  mkdirSync(join(folder, "empty"), { recursive: true });
  assert.deepEqual(named(join(folder, "empty")), [join(folder, "empty", "bin", "python")]);
  assert.deepEqual(found({ ADEPT_PYTHON: "  ", PATH: "" }), [], "an empty name names nothing");
});

test("on Windows a program that leads to the store is no Python, and one that was installed from there is", () => {
  const venv = program("win", "Scripts", "python.exe");
  const conda = program("winconda", "python.exe");
  const stub = program("WindowsApps", "python.exe");
  const own = program("Python312", "python.exe");
  const PATH = [dirname(stub), dirname(own)].join(delimiter);
  assert.deepEqual(
    found({ VIRTUAL_ENV: join(folder, "win"), CONDA_PREFIX: join(folder, "winconda"), Path: PATH }, "win32"),
    [[venv, "VIRTUAL_ENV"], [conda, "CONDA_PREFIX"], [own]],
  );
  assert.deepEqual(found({ Path: dirname(stub) }, "win32"), []);
  mkdirSync(join(folder, "WindowsApps", "PythonSoftwareFoundation.Python.3.12_qbz5n2kfra8p0"));
  assert.deepEqual(found({ Path: dirname(stub) }, "win32"), [[stub]]);
});

test("the command that installs PyTorch takes the build for the machine's GPU, and leaves the system's Python alone", () => {
  const machine = { platform: "linux", nvidia: false, amd: false } as const;
  const venv = { path: "/v/bin/python", namedBy: "VIRTUAL_ENV" } as const;
  const torch = 'pip install "torch>=2.1"';
  const index = "--index-url https://download.pytorch.org/whl";
  assert.equal(installCommand(venv, machine), `/v/bin/python -m ${torch} ${index}/cpu`);
  assert.equal(installCommand(venv, { ...machine, nvidia: true }), `/v/bin/python -m ${torch}`);
  assert.equal(installCommand(venv, { ...machine, amd: true }), `/v/bin/python -m ${torch} ${index}/rocm6.4`);
  assert.equal(
    installCommand({ path: "C:\\Program Files\\python.exe" }, { ...machine, platform: "win32", nvidia: true }),
    `"C:\\Program Files\\python.exe" -m ${torch} ${index}/cu128`,
  );
  assert.equal(
    installCommand({ ...venv, path: "/v w/python" }, { ...machine, platform: "darwin" }),
    `"/v w/python" -m ${torch}`,
  );
  const own = join(homedir(), ".adept", "torch");
  assert.equal(
    installCommand({ path: "/usr/bin/python3" }, { ...machine, nvidia: true }),
    `/usr/bin/python3 -m venv ${own} && ${own}/bin/python -m ${torch}`,
  );
  assert.match(installCommand({ path: `${own}/bin/python` }, machine), /^\S+torch\/bin\/python -m pip/);
  assert.equal(buildCommand("/p", "NVIDIA"), `/p -m ${torch} --force-reinstall ${index}/cu128`);
  assert.equal(buildCommand("/p", "AMD"), `/p -m ${torch} --force-reinstall ${index}/rocm6.4`);
  assert.deepEqual(
    (["win32", "darwin", "linux"] as const).map((platform) => pythonCommand(platform).split(" ")[0]),
    ["winget", "brew", "sudo"],
  );
});
