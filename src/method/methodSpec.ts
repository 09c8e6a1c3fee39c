import * as z from "zod";
import { METHODS } from "./registry.ts";

type Schemas<Methods extends readonly { schema: unknown }[]> = { [At in keyof Methods]: Methods[At]["schema"] };

// Array.map forgets which schema stands at which place.
const SCHEMAS = METHODS.map(({ schema }) => schema) as unknown as Schemas<typeof METHODS>;

/** The method and its sizes in an experiment file. */
export const MethodInput = z.discriminatedUnion("kind", SCHEMAS);
export type MethodSpec = z.output<typeof MethodInput>;
export type MethodKind = MethodSpec["kind"];
/** The options of one kind of method. */
export type SpecOf<K extends MethodKind> = Extract<MethodSpec, { kind: K }>;
