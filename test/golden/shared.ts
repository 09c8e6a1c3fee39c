import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

/**
 * The folder of expected numbers: beside the checkout, or the folder that ADEPT_GOLDENS names. A checkout without
 * it runs every other test.
 */
const GOLDENS = process.env["ADEPT_GOLDENS"] ?? join(import.meta.dirname, "../../../shared/goldens");
export const golden = (...parts: string[]): string => join(GOLDENS, ...parts);
export const hasGoldens = existsSync(golden());

export const readJson = <T>(...parts: string[]): T => JSON.parse(readFileSync(golden(...parts), "utf8")) as T;

/** Runs golden tests where the goldens are, and says so where they are not. */
export function withGoldens(title: string, define: () => void): void {
  if (hasGoldens) define();
  else
    test(`${title}: expected numbers are not beside this checkout`, () => {
      /* nothing to compare with */
    });
}
