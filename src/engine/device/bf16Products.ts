import { existsSync, readFileSync } from "node:fs";

const FLAGS = ["avx512_bf16", "amx_bf16"];

/** Whether a processor with these lines of /proc/cpuinfo multiplies in bf16. */
export function saysBf16(cpuinfo: string): boolean {
  const flags = /^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.split(/\s+/) ?? [];
  return FLAGS.some((flag) => flags.includes(flag));
}

function cpuinfo(): string {
  try {
    return readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    return "";
  }
}

/**
 * Whether PyTorch can be expected to multiply faster in bf16 than in fp32: on graphics processors, and on processors
 * with instructions for it. Measuring decides.
 */
export const hasBf16 = (): boolean => existsSync("/dev/nvidia0") || existsSync("/dev/kfd") || saysBf16(cpuinfo());
