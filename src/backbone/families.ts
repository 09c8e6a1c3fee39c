import type { Family } from "./family.ts";
import { t5 } from "./t5/t5.ts";

/** Every family of backbones, one line each. */
export const FAMILIES: readonly Family[] = [
  t5, //
];
