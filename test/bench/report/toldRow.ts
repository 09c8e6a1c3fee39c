import type { AddRow } from "./benchRow.ts";

/**
 * Rows of a bench whose figures are of many kinds: milliseconds as a number, all else in words, each with the project's
 * bound beside.
 */
export const toldRow =
  (bench: string, add: AddRow) =>
  (what: string, measured: number | string, wanted = ""): void => {
    const bound = wanted === "" ? undefined : `wanted: ${wanted}`;
    add(
      typeof measured === "number"
        ? { bench, case: what, unit: "ms", ours: { median: measured, least: measured, n: 1 }, note: bound }
        : { bench, case: what, unit: "", note: bound === undefined ? measured : `${measured}; ${bound}` },
    );
  };
export type Row = ReturnType<typeof toldRow>;
