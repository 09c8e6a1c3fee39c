import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test, type TestContext } from "node:test";

const OWN = join(import.meta.dirname, "../cache/python/bin/python");

/** The Python with PyTorch that tests use: the one of the cache, or the one that ADEPT_PYTHON names. */
export const realPython = [process.env["ADEPT_PYTHON"] ?? "", OWN]
  .map((path) => resolve(path))
  .find((path) => path.includes("python") && existsSync(path));

/** A test that needs a Python with PyTorch. Without one it is skipped, or fails where ADEPT_REQUIRE_TORCH is set. */
export function torchTest(title: string, run: (python: string) => void | Promise<void>): void {
  if (realPython !== undefined && process.platform === "linux") {
    test(title, () => run(realPython));
    return;
  }
  test(`${title}: NOT TESTED, since there is no Python with PyTorch in test/cache/python`, (context: TestContext) => {
    if (process.env["ADEPT_REQUIRE_TORCH"] === "1")
      throw new Error("ADEPT_REQUIRE_TORCH is set, and there is no Python with PyTorch in test/cache/python");
    context.skip();
  });
}

/** An environment of a Python, without any package, in a folder. */
export class FakePython {
  readonly path: string;
  private readonly packages: string;

  constructor(
    readonly folder: string,
    private readonly base: string,
  ) {
    execFileSync(base, ["-m", "venv", "--without-pip", folder]);
    this.path = join(folder, "bin", "python");
    const lib = join(folder, "lib");
    this.packages = join(lib, readdirSync(lib)[0]!, "site-packages");
  }

  /** Gives it a package `torch` of this source. */
  torch(source: string): this {
    mkdirSync(join(this.packages, "torch"), { recursive: true });
    writeFileSync(join(this.packages, "torch", "__init__.py"), source);
    return this;
  }

  /** Gives it the packages of the Python that it is made from. */
  realTorch(): this {
    const folder = execFileSync(this.base, ["-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"], {
      encoding: "utf8",
    });
    writeFileSync(join(this.packages, "real.pth"), folder);
    return this;
  }

  /** Has it run a source at each start, as packages of users do. */
  atStart(source: string): this {
    writeFileSync(join(this.packages, "started.py"), source);
    writeFileSync(join(this.packages, "started.pth"), "import started\n");
    return this;
  }
}

/** A program that runs `before` in a shell, and then becomes a Python. */
export function wrapped(path: string, before: string, python: string): string {
  writeFileSync(path, `#!/bin/bash\n${before}\nexec "${python}" "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}
