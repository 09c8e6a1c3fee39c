import { statfsSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { listSupportedBackends } from "onnxruntime-node";
import { loadTokenizer } from "../backbone/tokenizer.ts";
import { installCommand, requireTensorFlow, TENSORFLOW_WANTS } from "../engine/tfjs/findTensorFlow.ts";
import { openGitStore } from "../run/gitStore.ts";
import { backboneFolder, EMBEDDED_BACKBONE } from "../training/backboneFolder.ts";

interface Finding { what: string; ok: boolean; detail: string; fix?: string }

function tensorFlow(): string {
  const { name, folder } = requireTensorFlow();
  return `${name.endsWith("-gpu") ? "the form for NVIDIA GPUs" : "the form for the CPU"}, ${folder}`;
}

function attempt(what: string, fix: string, look: () => string): Finding {
  try { return { what, ok: true, detail: look() }; } catch (error) { return { what, ok: false, detail: (error as Error).message.split("\n")[0] ?? "", fix }; }
}

async function findings(): Promise<Finding[]> {
  const store = await openGitStore(process.cwd());
  const { bavail, bsize } = statfsSync(process.cwd());
  const free = (bavail * bsize) / 1e9;
  return [
    { what: "node", ok: true, detail: `${process.version}, ${availableParallelism()} cores, ${(totalmem() / 1e9).toFixed(1)} GB of memory` },
    attempt("onnxruntime", "npm ci", () => listSupportedBackends().map(({ name }) => name).join(", ")),
    attempt("tokenizer", "npm ci", () => `${loadTokenizer(backboneFolder(EMBEDDED_BACKBONE)).vocabularySize} pieces in the embedded backbone`),
    attempt("tfjs (optional)", `${installCommand()}\n        ${TENSORFLOW_WANTS}`, tensorFlow),
    "reason" in store ? { what: "git", ok: false, detail: store.reason, fix: "git init" } : { what: "git", ok: true, detail: "each run becomes a commit under refs/adept/runs" },
    { what: "disk", ok: free > 1, detail: `${free.toFixed(1)} GB free here`, ...(free > 1 ? {} : { fix: "free some space" }) },
  ];
}

/** adept doctor: what is there, what is missing, and the command that fixes it. */
export async function doctor(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { json: { type: "boolean" } } });
  const found = await findings();
  if (values.json === true) console.log(JSON.stringify(found));
  else for (const { what, ok, detail, fix } of found) console.log(`${ok ? "ok     " : "missing"} ${what}: ${detail}${fix === undefined ? "" : `\n        fix: ${fix}`}`);
  return 0;
}
