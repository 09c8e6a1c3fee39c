import { plannedSizes } from "./plannedSizes.ts";
import * as z from "zod";
import { Annotation, GpuUse, InputDigest, LAST_TIME, MeasuredDevice, NamedSizes, RunStatus } from "./events.ts";
import { ClusterJob } from "./clusterJob.ts";
import { StoredPhrase } from "../base/phraseSchema.ts";
import { readPhrase } from "../base/phrase.ts";
import { CommitId, InnerPath, RunRef } from "../base/identifiers.ts";
import { Selection } from "../experiment/selection.ts";
import { PRECISIONS } from "../engine/precisionSpec.ts";
import { foldEvents } from "./foldEvents.ts";
import type { RunRecord } from "./record.ts";

const time = z.number().min(0).max(LAST_TIME);
const numbers = z.record(z.string(), z.number());
const text = z.string().optional();
const number = z.number().optional();
const counts = z.object({ train: z.number(), validation: z.number(), test: z.number() });

const Evaluation = z.object({
  step: z.number(),
  split: z.enum(["validation", "test"]),
  label: z.string(),
  loss: z.number(),
  metrics: numbers,
  examples: z.number(),
  seconds: number,
});
const Step = z.object({
  step: z.number(),
  loss: z.number(),
  learningRate: numbers,
  gradientNorm: numbers,
  updateRatio: numbers,
  tokensPerSecond: z.number(),
  secondsLeft: z.number(),
  memory: number,
});
const Analysis = z.object({
  status: z.enum(["started", "running", "finished", "failed", "stopped"]),
  label: text,
  phrase: StoredPhrase,
  done: z.number(),
  total: z.number(),
  startedAt: time,
  seconds: number,
});
const Reproduction = z.object({
  of: z.string(),
  same: z.boolean(),
  steps: z.number(),
  firstDifference: z.object({ step: z.number(), loss: z.number(), was: z.number() }).optional(),
  metric: z.object({ name: z.string(), value: z.number().nullable(), was: z.number() }).optional(),
  outside: z.array(z.string()).optional(),
});
const Precision = z.object({
  weights: z.enum(PRECISIONS),
  label: z.enum(["untrained", "trained"]),
  split: z.enum(["train", "validation"]),
  examples: z.number(),
  loss: z.number(),
  wideLoss: z.number(),
  same: z.number(),
  bytes: z.number(),
  wideBytes: z.number(),
});
const Memory = z.object({
  needed: z.number(),
  available: z.number(),
  device: z.object({ needed: z.number(), available: number }).optional(),
  copies: z.number(),
  wanted: z.number(),
  recomputed: z.boolean().optional(),
  less: text,
  lessPhrase: StoredPhrase,
  oomKills: number,
});

/** Phrases that cannot be read are left out: the record's English is shown. */
const Phrases = z
  .object({
    message: StoredPhrase,
    gitMessage: StoredPhrase,
    warnings: z.array(z.unknown().transform((json) => readPhrase(json) ?? null)),
  })
  .transform(({ message, gitMessage, warnings }) => ({ message, gitMessage, warnings }));

/**
 * A record as stored in the run index or in a commit, which anybody may have written. JSON omits undefined values; they
 * are restored from the empty record.
 */
export const StoredRecord = z
  .object({
    id: z.string().min(1),
    name: z.string(),
    method: z.string(),
    task: z.string(),
    data: text,
    selection: Selection.optional(),
    backbone: z.string(),
    seed: z.number(),
    steps: z.number(),
    status: RunStatus,
    message: text,
    start: z.number(),
    job: ClusterJob.optional(),
    place: z
      .object({
        executor: z.literal("slurm"),
        cluster: z.string(),
        job: z.string(),
        restart: z.number(),
        node: z.string(),
        cpu: z.string(),
      })
      .optional(),
    pid: number,
    createdAt: time,
    updatedAt: time,
    trainable: number,
    sizes: NamedSizes.optional(),
    promptLength: number,
    bottleneck: number,
    device: text,
    majority: number,
    isCausal: z.boolean().optional(),
    engine: z.object({ device: z.string(), name: z.string(), measured: z.array(MeasuredDevice) }).optional(),
    precision: z.array(Precision),
    memory: Memory.optional(),
    gpus: z.array(GpuUse).optional(),
    examples: counts.optional(),
    lastStep: Step.optional(),
    evaluations: z.array(Evaluation),
    queued: z.boolean(),
    interruptions: z.number(),
    experiment: text,
    variant: text,
    sweep: text,
    renamed: z.boolean(),
    note: z.string(),
    starred: z.boolean(),
    tags: Annotation.shape.tags.unwrap(),
    archived: z.boolean(),
    priority: z.number(),
    analyses: z.record(z.string(), Analysis),
    reproduced: Reproduction.optional(),
    bestStep: number,
    checkpointStep: number,
    newer: z.object({ version: number }).optional(),
    warnings: z.array(z.string()),
    sources: z.record(z.string(), InnerPath),
    contents: z.record(z.string(), InputDigest),
    snapshotCommit: CommitId.optional(),
    resultCommit: CommitId.optional(),
    ref: RunRef.optional(),
    gitMessage: text,
    error: z
      .object({
        message: z.string(),
        action: text,
        code: text,
        phrase: StoredPhrase,
        actionPhrase: StoredPhrase,
      })
      .optional(),
    phrases: Phrases,
  })
  .transform(
    ({ sizes, promptLength, bottleneck, ...stored }): RunRecord =>
      ({ ...foldEvents([]), ...stored, sizes: plannedSizes({ sizes, promptLength, bottleneck }) }) as RunRecord,
  );
