// npm run package:all: one VSIX for each platform that has native files of both engine and tokenizer.
import { spawnSync } from "node:child_process";

const TARGETS = ["linux-x64", "linux-arm64", "darwin-arm64", "win32-x64", "win32-arm64"];
for (const target of TARGETS) {
  for (const args of [
    ["build.mjs", "--production", `--target=${target}`],
    ["package.mjs", `--target=${target}`],
  ]) {
    const { status } = spawnSync(process.execPath, args, { cwd: import.meta.dirname, stdio: "inherit" });
    if (status !== 0) process.exit(status ?? 1);
  }
}
