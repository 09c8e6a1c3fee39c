import * as z from "zod";
import { RETRAINED } from "./retrained.ts";
import { MethodInput } from "../method/methodSpec.ts";
import { Budget } from "../method/options.ts";

const Range = z
  .strictObject({
    from: z.number().describe("Least value"),
    to: z.number().describe("Greatest value"),
    scale: z.enum(["log", "linear"]).default("log").describe("How values are spaced between the two"),
    count: z.number().int().min(2).max(100).optional().describe("grid: number of values, both ends included"),
  })
  .refine(
    ({ from, to, scale }) => from < to && (scale === "linear" || from > 0),
    "from must be below to, and above 0 on a log scale",
  );
const Axes = z.record(z.string().min(1), z.union([z.array(z.json()).min(1).max(1000), Range]));

/** One of the things that a study compares: a method with settings of its own. */
const Arm = z.strictObject({
  name: z.string().min(1).max(100).describe("What the arm is called in tables"),
  method: MethodInput.describe("The method, in place of `method`"),
  set: z.record(z.string().min(1), z.json()).default({}).describe("Settings of this arm: dotted key to value"),
  tune: Axes.default({}).describe("As `tune`, for this arm alone; the arm does not take part in the common one"),
});

/** Several runs from one file. */
export const Sweep = z.strictObject({
  methods: z.array(MethodInput).min(1).max(50).optional().describe("Methods to compare, each in place of `method`"),
  arms: z
    .array(Arm)
    .min(1)
    .max(50)
    .refine((arms) => new Set(arms.map(({ name }) => name)).size === arms.length, "two arms have the same name")
    .optional()
    .describe("Methods to compare where each has settings of its own, such as learning rates; in place of `methods`"),
  budget: Budget.optional().describe(
    'The budget of every method that does not state its sizes, for example { "promptTokens": 100 }',
  ),
  retrained: z
    .union([z.literal(true), z.array(z.enum(RETRAINED)).min(1)])
    .optional()
    .describe("Ablations trained from scratch at the budget of `method` (ADePT): all, or those named"),
  vary: Axes.default({}).describe("Settings to compare: dotted key to a list of values, or a range"),
  tune: Axes.default({}).describe(
    "Settings to tune, as in `vary`; only the combination that is best on validation is compared on the test split",
  ),
  search: z.enum(["grid", "random"]).default("grid").describe("All combinations of `tune`, or `samples` random ones"),
  samples: z.number().int().positive().max(1000).default(10).describe("random: number of combinations"),
  seed: z.number().int().nonnegative().default(0).describe("random: the seed of the draws"),
});
export type Sweep = z.output<typeof Sweep>;
/** The values of one key of a sweep: a list, or a range. */
export type Axis = Sweep["vary"][string];

/** The seeds of an experiment. */
export const Seeds = z
  .array(z.number().int().nonnegative())
  .min(1)
  .max(100)
  .describe("One run per seed, in place of `seed`");

/** A run's place in a sweep. */
export const SweepPart = z.strictObject({
  sweep: z.string(),
  name: z.string().optional().describe("the experiment's own name"),
  variant: z.string().optional().describe("the settings that distinguish the run from others, without its seed"),
  index: z.number().int().nonnegative(),
  of: z.number().int().positive(),
  tune: z.array(z.string()).describe("dotted keys that were tuned: they are chosen on validation"),
  arm: z.string().optional().describe("which arm of the sweep it is"),
  case: z.enum(RETRAINED).optional().describe("which retrained ablation it is"),
});
