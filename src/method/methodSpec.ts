import * as z from "zod";
import { METHODS } from "./registry.ts";

type Schemas<Methods extends readonly { schema: unknown }[]> = { [At in keyof Methods]: Methods[At]["schema"] };

// Array.map forgets which schema stands at which place.
const SCHEMAS = METHODS.map(({ schema }) => schema) as unknown as Schemas<typeof METHODS>;

/** The method and its sizes, as an experiment file has them. */
export const MethodInput = z.discriminatedUnion("kind", SCHEMAS);
export type MethodSpec = z.output<typeof MethodInput>;
export type MethodKind = MethodSpec["kind"];
/** One method's own part of the union. */
export type SpecOf<K extends MethodKind> = Extract<MethodSpec, { kind: K }>;
