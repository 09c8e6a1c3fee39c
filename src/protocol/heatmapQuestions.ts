import * as z from "zod";
import type { ReadingPart as Reading, RowReading } from "../experiment/templateParts.ts";
import { MEASURES } from "./measures.ts";

const Measure = z.enum(MEASURES);

const id = z.number().int();
const run = z.string();
const text = z.string().max(2_000_000);

/** What the host asks the token worker, one JSON line each. */
export const TokenRequest = z.discriminatedUnion("type", [
  z.object({ id, type: z.literal("open"), run }),
  z.object({ id, type: z.literal("reading"), run }),
  z.object({ id, type: z.literal("encode"), run, measure: Measure, texts: z.array(text).max(5000) }),
  z.object({
    id,
    type: z.literal("token"),
    run,
    token: z.number().int().nonnegative(),
    place: z.number().int().nonnegative().optional(),
  }),
]);
export type TokenRequest = z.infer<typeof TokenRequest>;

const scale = z.object({ low: z.number(), high: z.number(), signed: z.boolean() });
const row = z.object({ ids: z.array(z.number()), spans: z.array(z.number()), values: z.array(z.number().nullable()) });
const neighbours = z.array(z.object({ text: z.string(), cosine: z.number() }));
const ReadingPart = z.union([
  z.object({ literal: z.string() }),
  z.object({ fields: z.array(z.string()).readonly() }),
]) satisfies z.ZodType<Reading>;

/** How a run's task makes an input of a row. */
export const RunReading = z.object({
  reading: z.array(ReadingPart).optional(),
  fields: z.array(z.array(z.string())).optional(),
  headerless: z.array(z.string()).optional(),
}) satisfies z.ZodType<RowReading>;
export type RunReading = z.infer<typeof RunReading>;

/** Which tensors of a run an answer is about: those of a run that is trained on are others. */
const stamp = z.string();
/**
 * A run as the heatmap knows it: which measures it has, on which scales, and those of places; how its task makes an
 * input of a row; `added`: tokens that are put at an input's end, and count among those it may have.
 */
export const OpenedRun = RunReading.extend({
  measures: z.partialRecord(Measure, scale),
  places: z.array(z.number()).optional(),
  maxSourceLength: z.number(),
  added: z.number(),
  vocabulary: z.number(),
  stamp,
});
export type OpenedRun = z.infer<typeof OpenedRun>;
/** Tokens and their values; where places are measured, a token has none of its own. */
export const EncodedTexts = z.object({ rows: z.array(row), stamp });
export type EncodedTexts = z.infer<typeof EncodedTexts>;
/** Everything about one token; `rank`: of its offset's size in the vocabulary, 1 the largest. */
export const TokenDetails = z.object({
  id,
  text: z.string(),
  norm: z.number().optional(),
  ratio: z.number().optional(),
  rank: z.number().optional(),
  vocabulary: z.number(),
  units: z.number().optional(),
  hidden: z.number().optional(),
  cosine: z.number().optional(),
  position: z.number().optional(),
  before: neighbours,
  after: neighbours,
  stamp,
});
export type TokenDetails = z.infer<typeof TokenDetails>;

/** What comes back: the answer's own fields, or what went wrong. */
export const TokenReply = z.object({
  id,
  error: z.object({ message: z.string(), action: z.string().optional(), bug: z.boolean() }).optional(),
  result: z.unknown().optional(),
});
export type TokenReply = z.infer<typeof TokenReply>;
