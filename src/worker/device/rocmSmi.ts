import * as z from "zod";
import type { GpuUse } from "../../record/events.ts";

/** Arguments of rocm-smi, whose answer has an object for each AMD GPU: "card0", "card1", ... */
export const ROCM_QUERY = ["--showproductname", "--showuse", "--showmeminfo", "vram", "--showtemp", "--json"];

const Cards = z.record(z.string(), z.unknown());
const Card = z.record(z.string(), z.unknown());
const MOST_GPUS = 16;

/** The first of several values that is a number; versions of the program differ in the names. */
function numberOf(card: z.infer<typeof Card>, ...names: readonly string[]): number | undefined {
  for (const name of names) {
    const text = card[name];
    const value = typeof text === "string" && text.trim() !== "" ? Number(text) : Number.NaN;
    if (Number.isFinite(value)) return value;
  }
  return undefined;
}

function useOf(key: string, value: unknown): GpuUse | undefined {
  const index = /^card(\d+)$/.exec(key)?.[1];
  const card = Card.safeParse(value).data;
  if (index === undefined || card === undefined) return undefined;
  const name = [card["Card Series"], card["Card series"], card["Device Name"]].find((each) => typeof each === "string");
  const used = numberOf(card, "VRAM Total Used Memory (B)");
  const total = numberOf(card, "VRAM Total Memory (B)");
  const percent = numberOf(card, "GPU use (%)");
  const celsius = numberOf(card, "Temperature (Sensor edge) (C)", "Temperature (Sensor junction) (C)");
  return {
    index: Number(index),
    name: typeof name === "string" ? name.slice(0, 200) : "AMD GPU",
    ...(used !== undefined && { memoryUsed: used }),
    ...(total !== undefined && { memoryTotal: total }),
    ...(percent !== undefined && { utilisation: percent / 100 }),
    ...(celsius !== undefined && { temperature: celsius }),
  };
}

/** Parses rocm-smi's answer to ROCM_QUERY; one that is no JSON has no GPUs. */
export function parseRocmUse(text: string): GpuUse[] {
  let json: unknown;
  try {
    json = JSON.parse(text.slice(text.indexOf("{")));
  } catch {
    return [];
  }
  return Object.entries(Cards.safeParse(json).data ?? {})
    .map(([key, value]) => useOf(key, value))
    .filter((use) => use !== undefined)
    .slice(0, MOST_GPUS);
}
