import * as z from "zod/mini";

// Schemas that a page checks are written with zod/mini: it adds 20 KB to a page's script, zod itself would add 90 KB.
// A page's content security policy forbids code that is compiled at run time, so zod may not compile its parsers.
z.config({ jitless: true });

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Accepts an object without checking its fields, which another schema or type defines; `fits` checks the object as a
 * whole.
 */
export const objectOf = <T extends object>(
  fits: (value: Record<string, unknown>) => boolean = () => true,
): z.ZodMiniCustom<T, T> => z.custom<T>((value) => isObject(value) && fits(value));

/** Accepts a list without checking its items: curves have tens of thousands. */
export const listOf = <T>(): z.ZodMiniCustom<T[], T[]> => z.custom<T[]>((value) => Array.isArray(value));
