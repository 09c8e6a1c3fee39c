// Packs dist/ as the VSIX of one platform (this one, or --target=PLATFORM-ARCH). It holds native code, so it must not
// install on another platform. A warning of the packager is an error.
import { createVSIX } from "@vscode/vsce";

let warned = false;
for (const name of ["log", "warn", "error"]) {
  const write = console[name].bind(console);
  console[name] = (...args) => {
    warned ||= args.some((each) => /WARN/.test(String(each)));
    write(...args);
  };
}
const named = process.argv.find((each) => each.startsWith("--target="))?.slice("--target=".length);
await createVSIX({
  cwd: import.meta.dirname,
  dependencies: false,
  target: named ?? `${process.platform}-${process.arch}`,
  packagePath: named === undefined ? "dist/adept-lab.vsix" : `adept-lab-${named}.vsix`,
});
if (warned) {
  console.error("The packager warned; see above.");
  process.exitCode = 1;
}
