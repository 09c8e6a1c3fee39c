import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { AddRow } from "./report/benchRow.ts";
import { CASES, caseOf, type MemoryCase } from "./memoryForecast/cases.ts";
import { writeRandomBackbone } from "./sides/randomBackbone.ts";
import { SHAPES } from "./sides/shapes.ts";

interface Measured {
  start: number;
  trained: number;
  peak: number;
  deviceUsed: number;
  forecast: { host: number; device: number; again: number };
}

const DEVICES = ["cuda", "webgpu", "torch"] as const;
const SIDE = join(import.meta.dirname, "memoryForecast/side.ts");

/**
 * Makes a few steps and an evaluation in a process of its own, and compares the memory that they add with the forecast.
 */
function measured(asked: MemoryCase, folders: Map<string, string>): Measured {
  const shape = SHAPES.find(({ name }) => name === asked.backbone);
  if (shape !== undefined && !folders.has(shape.name)) {
    const folder = mkdtempSync(join(tmpdir(), "adept-memory-"));
    folders.set(shape.name, folder);
    writeRandomBackbone(folder, shape);
  }
  const output = execFileSync(
    process.execPath,
    ["--import", "tsx", SIDE, JSON.stringify({ ...asked, backbone: folders.get(asked.backbone) ?? asked.backbone })],
    { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
  );
  return JSON.parse(output.trim().split("\n").at(-1)!) as Measured;
}

const nameOf = ({ backbone, method, length, copies = 1, spare, precision }: MemoryCase): string =>
  [
    backbone,
    method.kind,
    `input ${length}`,
    ...(copies > 1 ? [`${copies} copies`] : []),
    ...(spare === true ? ["spare"] : []),
    ...(precision === undefined ? [] : [precision]),
  ].join(", ");

/**
 * Peak memory of training and evaluation beside its forecast.
 * @param names backbones, also folders and GGUF files; none: all; "cuda" and the like measure a device's own memory,
 *   "torch" also its process
 */
export function benchMemoryForecast(names: string[], add: AddRow): Promise<void> {
  const folders = new Map<string, string>();
  const device = DEVICES.find((name) => names.includes(name));
  const chosen = names.filter((name) => name !== device);
  const megabytes = (value: number) => ({ median: Math.round(value), least: Math.round(value), n: 1 });
  try {
    const own = chosen.filter((name) => existsSync(name)).map((name) => caseOf(resolve(name)));
    const known = CASES.filter(
      ({ backbone, copies }) =>
        (chosen.length === 0 || chosen.includes(backbone)) && (device === undefined || copies === undefined),
    );
    for (const asked of [...known, ...own]) {
      const { start, trained, peak, deviceUsed, forecast } = measured(
        { ...asked, ...(device !== undefined && { device }) },
        folders,
      );
      const expected = start + forecast.host;
      const counted = expected + forecast.again;
      add({
        bench: "memoryForecast",
        case: nameOf(asked),
        unit: "MB",
        ours: megabytes(peak),
        peer: { name: "forecast", figures: megabytes(counted) },
        ratio: { median: counted / peak },
        note: `${Math.round(trained)} after training; ${Math.round(expected)} with every file's pages counted once${device === undefined ? "" : `; on ${device}: ${Math.round(deviceUsed)}, forecast ${Math.round(forecast.device)}`}`,
      });
    }
  } finally {
    for (const folder of folders.values()) rmSync(folder, { recursive: true, force: true });
  }
  return Promise.resolve();
}
