// npm run install:vscode, after npm run package: installs this checkout's VSIX into VS Code.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const vsix = join(import.meta.dirname, "dist/adept-lab.vsix");
// On Windows `code` is a command file, which only a shell starts; then the path is quoted for it.
const isWindows = process.platform === "win32";
const { error, status } = spawnSync("code", ["--install-extension", isWindows ? `"${vsix}"` : vsix], {
  stdio: "inherit",
  shell: isWindows,
});
if (error !== undefined || status !== 0) {
  const reason =
    error?.code === "ENOENT" || (isWindows && status === 1)
      ? "The command `code` is not on the path."
      : `code --install-extension failed${error === undefined ? ` with exit code ${status}` : `: ${error.message}`}.`;
  console.error(
    [
      reason,
      `The package is here: ${vsix}`,
      'In VS Code, run "Extensions: Install from VSIX..." from the command palette and choose that file.',
    ].join("\n"),
  );
  process.exitCode = 1;
}
