// npm run pack:gpu [FILE]: packs all that `npm run check:gpu` needs on a Linux x64 machine without a network and
// without npm: the production build, this Node, the two native libraries, the embedded backbone and the small goldens.
// Unpacked, `adept-check-gpu/check` runs it. Fails where the package is larger than what can be carried.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

const MOST = 60 * 2 ** 20;
const NAME = "adept-check-gpu";
const root = join(import.meta.dirname, "../..");
const output = join(root, "test/output");
const folder = join(output, NAME);
const file = resolve(process.argv[2] ?? join(output, `${NAME}.tar.xz`));

function run(command, ...args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? `code ${status}`}`);
}

if (process.platform !== "linux" || process.arch !== "x64")
  throw new Error("the package is for Linux x64, and packed there");
run(process.execPath, "build.mjs", "--production");
run(process.execPath, "test/gpu/build.mjs", "--production");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

// The page and the extension's host stay at home, and so does what the build alone reads.
const needless = /^(webview|setup)\.|^(extension|host)\.cjs$|^meta\.json$|^experiment\.schema\.json$|\.(vsix|map)$/;
cpSync(join(root, "dist"), join(folder, "dist"), {
  recursive: true,
  filter: (source) => !needless.test(basename(source)),
});
cpSync(join(root, "models"), join(folder, "models"), { recursive: true });
for (const name of ["LICENSE", "package.json"]) cpSync(join(root, name), join(folder, name));
cpSync(process.execPath, join(folder, "node"), { dereference: true });
chmodSync(join(folder, "node"), 0o755);

const goldens = process.env.ADEPT_GOLDENS ?? join(root, "../shared/goldens");
if (existsSync(goldens)) {
  // One step is checked: neither its logits nor the parameters after five steps are read, but for dropout's mask.
  const isRead = (source) =>
    basename(source) !== "steps.safetensors" &&
    (basename(source) !== "output.safetensors" || basename(dirname(source)) === "adept-dropout");
  for (const part of ["models", "methods"])
    cpSync(join(goldens, part), join(folder, "goldens", part), { recursive: true, filter: isRead });
} else console.error("NO GOLDENS in the package: they do not lie beside this checkout");

writeFileSync(
  join(folder, "check"),
  `#!/bin/sh
# Checks this machine's GPU: check [RESULT.json]. ADEPT_PYTHON names a Python with PyTorch; else python3 is taken.
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/node" "$here/dist/check-gpu.mjs" "$@"
`,
  { mode: 0o755 },
);
rmSync(file, { force: true });
run("tar", "-C", output, "-I", "xz -2 -T0", "-cf", file, NAME);
const { size } = statSync(file);
console.log(`${file}: ${(size / 2 ** 20).toFixed(1)} MiB`);
if (size > MOST) {
  console.error(`That is more than ${MOST / 2 ** 20} MiB.`);
  process.exitCode = 1;
}
