import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

/** Whether there is an NVIDIA GPU with a driver. Looks at files only. */
export const hasNvidia = (): boolean =>
  process.platform === "win32"
    ? existsSync(join(process.env["SystemRoot"] ?? "C:\\Windows", "System32", "nvcuda.dll"))
    : namesIn("/dev").some((name) => /^nvidia\d+$/.test(name)) || existsSync("/usr/lib/wsl/lib/libcuda.so.1");

/** Whether there is an AMD GPU with the kernel's part of ROCm. */
export const hasAmd = (): boolean => existsSync("/dev/kfd");

/** Whether the flags of a processor, as /proc/cpuinfo has them, name products in bf16. */
export const flagsBf16 = (cpuinfo: string): boolean => /^flags\s*:.*\b(avx512_bf16|amx_bf16)\b/m.test(cpuinfo);

/** Whether the processor multiplies in bf16; only Linux tells. */
export function processorHasBf16(): boolean {
  try {
    return flagsBf16(readFileSync("/proc/cpuinfo", "utf8"));
  } catch {
    return false;
  }
}

/**
 * Whether PyTorch can be expected to multiply faster in bf16 than in fp32: on graphics processors, and on processors
 * with instructions for it. Measuring decides.
 */
export const hasBf16Products = (): boolean => hasNvidia() || hasAmd() || processorHasBf16();

/** Whether there is hardware that PyTorch uses better than the other engines, or that they cannot use. */
export const hasTorchHardware = (): boolean =>
  hasNvidia() || hasAmd() || (process.platform === "darwin" && process.arch === "arm64") || processorHasBf16();
