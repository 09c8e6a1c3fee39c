import { build } from "esbuild";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import type * as Parts from "./hostParts.ts";

const DIST = resolve(import.meta.dirname, "../../dist");

/** The host's own code, with a stand-in for the `vscode` module alone; beside dist/host.cjs, which it loads. */
export async function loadParts(): Promise<typeof Parts> {
  const outfile = join(DIST, `.parts-${process.pid}.cjs`);
  await build({
    entryPoints: [join(import.meta.dirname, "hostParts.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    mainFields: ["module", "main"],
    logLevel: "error",
    alias: { vscode: join(import.meta.dirname, "vscodeStub.ts") },
  });
  return createRequire(import.meta.url)(outfile) as typeof Parts;
}
