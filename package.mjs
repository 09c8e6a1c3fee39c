// Packs dist/ as a VSIX of this platform: it carries native code, so it must not install on another.
import { createVSIX } from "@vscode/vsce";

await createVSIX({ cwd: import.meta.dirname, dependencies: false, target: `${process.platform}-${process.arch}`, packagePath: "dist/adept-lab.vsix" });
