import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Side } from "./side.ts";

const CACHE = join(import.meta.dirname, "../../cache");
export const MODEL = join(CACHE, "smollm2");
export const LEVELS = `${MODEL}.gguf`;
const KEPT = join(CACHE, "decode");
/** A Python with llama-cpp-python, and the file of the same values in fp32. */
const LLAMA = process.env["ADEPT_LLAMA"] ?? join(KEPT, "venv/bin/python");
const WIDE = join(KEPT, "smollm2-f32.gguf");
/** A Python with onnxruntime-genai, onnx-ir, PyTorch and transformers, and the folders that its builder makes. */
const GENAI = process.env["ADEPT_GENAI"] ?? join(KEPT, "genai/bin/python");

/** What decodes beside this engine, at the precision named; undefined where it is not installed. */
export interface DecodePeers {
  llama: ((precision: "q4" | "fp32", threads: number, batches: string) => Side) | undefined;
  genai: ((precision: "int4" | "fp32", threads: number, batches: string) => Side) | undefined;
}

const runs = (command: string, args: string[]): boolean => spawnSync(command, args, { stdio: "ignore" }).status === 0;

/** Writes the GGUF file of the same values in fp32, by llama.cpp itself. */
function prepareLlama(): boolean {
  const script = `import sys, llama_cpp
if len(sys.argv) > 1:
    p = llama_cpp.llama_model_quantize_default_params()
    p.ftype, p.allow_requantize, p.nthread = 0, True, 2
    sys.exit(llama_cpp.llama_model_quantize(sys.argv[1].encode(), sys.argv[2].encode(), p))`;
  return runs(LLAMA, ["-c", script, ...(existsSync(WIDE) ? [] : [LEVELS, WIDE])]);
}

const genaiFolder = (precision: "int4" | "fp32"): string => join(KEPT, `genai-${precision}`);

/** Makes onnxruntime-genai's own folders, by its builder: in fp32, and in four bits (groups of 32, input in 8 bits). */
function prepareGenai(): boolean {
  return (["fp32", "int4"] as const).every((precision) => {
    const folder = genaiFolder(precision);
    if (existsSync(join(folder, "genai_config.json"))) return runs(GENAI, ["-c", "import onnxruntime_genai"]);
    const options = precision === "int4" ? ["--extra_options", "int4_block_size=32", "int4_accuracy_level=4"] : [];
    const [input, kept] = [
      ["-m", "onnxruntime_genai.models.builder", "-i", MODEL, "-o", folder],
      ["-p", precision, "-e", "cpu", "-c", join(KEPT, "genai-cache")],
    ];
    return runs(GENAI, [...input, ...kept, ...options]);
  });
}

/** Finds the peers, and makes the files that they read. Says on standard output which are missing. */
export function decodePeers(): DecodePeers {
  mkdirSync(KEPT, { recursive: true });
  const [hasLlama, hasGenai] = [prepareLlama(), prepareGenai()];
  if (!hasLlama) console.log("Without llama.cpp: no Python with llama-cpp-python (ADEPT_LLAMA names one).");
  if (!hasGenai) console.log("Without onnxruntime-genai: no Python with it and its builder (ADEPT_GENAI names one).");
  return {
    llama: hasLlama
      ? (precision, threads, batches) => Side.llama(precision === "q4" ? LEVELS : WIDE, threads, batches, LLAMA)
      : undefined,
    genai: hasGenai
      ? (precision, threads, batches) => Side.genai(genaiFolder(precision), threads, batches, GENAI)
      : undefined,
  };
}
