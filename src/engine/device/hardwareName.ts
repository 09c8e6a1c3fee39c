import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

const NVIDIA_CARDS = "/proc/driver/nvidia/gpus";
const GRAPHICS_CARDS = "/sys/class/drm";

const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}

/**
 * The name of the hardware that a measured time is valid for: the processor, the graphics cards, and the driver or card
 * that the environment selects. Stored times are keyed by it.
 */
export function hardwareName(): string {
  const own = cpus();
  const models = namesIn(NVIDIA_CARDS).map(
    (name) => /Model:\s*(.+)/.exec(textOf(join(NVIDIA_CARDS, name, "information")))?.[1] ?? "",
  );
  const cards = namesIn(GRAPHICS_CARDS)
    .filter((name) => name.startsWith("renderD"))
    .map(
      (name) =>
        `${textOf(join(GRAPHICS_CARDS, name, "device/vendor"))}:${textOf(join(GRAPHICS_CARDS, name, "device/device"))}`,
    );
  return [
    `${own[0]?.model ?? process.arch} x${own.length}`,
    ...models,
    ...cards,
    process.env["VK_ICD_FILENAMES"] ?? "",
    process.env["CUDA_VISIBLE_DEVICES"] ?? "",
  ].join("; ");
}
