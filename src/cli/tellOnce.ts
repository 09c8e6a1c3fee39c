import type { Told } from "../run/adoption.ts";
import { tell } from "./terminal.ts";

/** Tells on standard error what is wrong with runs, each thing once. */
export function tellOnce(): Told {
  const told = new Set<string>();
  return ({ id }, reason) => {
    const line = `run ${id}: ${reason}\n`;
    if (!told.has(line)) tell(line);
    told.add(line);
  };
}
