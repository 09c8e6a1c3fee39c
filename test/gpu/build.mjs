// Builds the check on a GPU into dist/, beside what `node build.mjs` has made. A package of the extension leaves *.mjs
// out.
import { build } from "esbuild";
import { copyFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
await build({
  entryPoints: [join(root, "test/gpu/main.ts")],
  outfile: join(root, "dist/check-gpu.mjs"),
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20.18",
  mainFields: ["module", "main"],
  external: ["onnxruntime-node", "tokenizers", "@tensorflow/*"],
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  legalComments: "none",
  logLevel: "warning",
  minify: process.argv.includes("--production"),
});
copyFileSync(join(root, "test/gpu/peer.py"), join(root, "dist/peer.py"));
