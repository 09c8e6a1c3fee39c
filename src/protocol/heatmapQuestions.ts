import * as z from "zod";
import type { ReadingPart as Reading, RowReading } from "../experiment/templateParts.ts";
import { SentError } from "../base/phraseSchema.ts";
import { MEASURES } from "./measures.ts";

const Measure = z.enum(MEASURES);

const id = z.number().int();
const run = z.string();
const text = z.string().max(2_000_000);

/** A request of the host to the token worker, one JSON line each. */
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

/** How a run's task makes an input from a row of data. */
export const RunReading = z.object({
  reading: z.array(ReadingPart).optional(),
  fields: z.array(z.array(z.string())).optional(),
  headerless: z.array(z.string()).optional(),
  turns: z
    .object({
      roles: z.record(z.string(), z.object({ before: z.string(), after: z.string() })),
      lists: z.array(z.string()),
      columns: z.record(z.string(), z.string()),
      trims: z.boolean(),
    })
    .optional(),
}) satisfies z.ZodType<RowReading>;
export type RunReading = z.infer<typeof RunReading>;

/** Identifies the values of a run's tensors; it changes when the run is trained further. */
const stamp = z.string();
/** A run whose offsets the heatmap shows, and how its task makes an input from a row. */
export const OpenedRun = RunReading.extend({
  /** The measures that exist for its method, each with the scale of its colours. */
  measures: z.partialRecord(Measure, scale),
  /** The L2 of the offset at each place, where the method has them. */
  places: z.array(z.number()).optional(),
  maxSourceLength: z.number(),
  /** Tokens that are added to an input; they count towards `maxSourceLength`. */
  added: z.number(),
  /** How many of these stand before it. */
  lead: z.number(),
  /** Which part of an input that is too long is not read. */
  cut: z.enum(["end", "middle"]),
  vocabulary: z.number(),
  stamp,
});
export type OpenedRun = z.infer<typeof OpenedRun>;
/** Tokens and their values; a value is null where the token has none, as for a measure of places. */
export const EncodedTexts = z.object({ rows: z.array(row), stamp });
export type EncodedTexts = z.infer<typeof EncodedTexts>;
/** All measures of one token, and its nearest words. */
export const TokenDetails = z.object({
  id,
  text: z.string(),
  norm: z.number().optional(),
  ratio: z.number().optional(),
  /** Rank of its offset's L2 in the vocabulary, 1 the largest. */
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

/** The worker's answer: a result or an error. */
export const TokenReply = z.object({
  id,
  error: SentError.optional(),
  result: z.unknown().optional(),
});
export type TokenReply = z.infer<typeof TokenReply>;
