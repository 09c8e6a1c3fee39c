// Packs dist/ as a VSIX of this platform: it carries native code, so it must not install on another. A warning of the packager is an error.
import { createVSIX } from "@vscode/vsce";

let warned = false;
for (const name of ["log", "warn", "error"]) {
  const write = console[name].bind(console);
  console[name] = (...args) => { warned ||= args.some((each) => /WARN/.test(String(each))); write(...args); };
}
await createVSIX({ cwd: import.meta.dirname, dependencies: false, target: `${process.platform}-${process.arch}`, packagePath: "dist/adept-lab.vsix" });
if (warned) { console.error("The packager warned; see above."); process.exitCode = 1; }
