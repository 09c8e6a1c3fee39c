import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import { isKeyPath, setKey, type JsonObject } from "../base/keyPath.ts";
import { defaultRates } from "../method/learningRates.ts";
import { MethodInput, type MethodSpec } from "../method/methodSpec.ts";
import { MersenneTwister } from "../base/random.ts";
import { RETRAINED_TEXT, retrainedMethods, type RetrainedCase } from "./retrained.ts";
import type { Axis, Sweep } from "./sweepSpec.ts";
import { valueText, valueTexts } from "./valueTexts.ts";

/**
 * The largest number of runs of a sweep, and of combinations of its values; several combinations can be the same run.
 */
const MOST_RUNS = 1000;
const MOST_COMBINATIONS = 20_000;
/** The largest number of characters of all combinations together; each is a copy of the file. */
const MOST_LETTERS = 400_000_000;
const RATES = "training.learningRate.";

/**
 * The parts of a file's sweep that a run takes its values from: the index of its method in the list, and its settings.
 */
export interface Origin {
  method: number | undefined;
  settings: readonly Pick<Setting, "key" | "place">[];
}

/** One run of a sweep, not parsed yet. `tune` lists the tuned keys that it sets. */
export interface SweepPoint {
  experiment: JsonObject;
  label: string;
  /** The label without the seed. */
  variant: string;
  tune: string[];
  origin: Origin;
  /** The retrained ablation that the run is. */
  id?: RetrainedCase;
  /** The arm that the run is. */
  arm?: string;
}

/** A key's value and its place in the file. */
interface Setting {
  key: string;
  value: unknown;
  place: readonly (string | number)[];
}
/** One of several values of a key, with its text in the names of runs. */
interface Varied extends Setting {
  text: string;
}

/** The values of a range in a grid, both ends included. */
function gridValues(axis: Axis, place: Setting["place"]): Omit<Varied, "key">[] {
  if (Array.isArray(axis)) return listed(axis, place);
  const { from, to, scale, count } = axis;
  if (count === undefined)
    throw new UserError(
      "sweep-range-without-count",
      phrase`sweep: ${String(place.at(-1))}: a range needs a count in a grid`,
      phrase`Give count, a list of values, or search "random" for \`tune\`.`,
    ).about(place);
  return Array.from({ length: count }, (_, i) => number(between(from, to, scale, i / (count - 1)), place));
}

const number = (value: number, place: Setting["place"]): Omit<Varied, "key"> => ({
  value,
  text: String(value),
  place,
});

/** The values of a list, each with a text of its own. */
function listed(values: readonly unknown[], place: Setting["place"]): Omit<Varied, "key">[] {
  const texts = valueTexts(values);
  return values.map((value, i) => ({ value, text: texts[i]!, place: [...place, i] }));
}

function between(from: number, to: number, scale: "log" | "linear", part: number): number {
  const value = scale === "log" ? from * (to / from) ** part : from + (to - from) * part;
  return Number(value.toPrecision(6));
}

/** Every combination, the last axis changing fastest. */
function grid(axes: Record<string, Axis>, at: Setting["place"]): Varied[][] {
  return Object.entries(axes).reduce<Varied[][]>(
    (all, [key, axis]) =>
      all.flatMap((before) => gridValues(axis, [...at, key]).map((value): Varied[] => [...before, { key, ...value }])),
    [[]],
  );
}

/** Random combinations without repeats; a value of a range is uniform on its scale. */
function draws({ tune, samples, seed }: Sweep): Varied[][] {
  const random = new MersenneTwister(seed);
  const lists = new Map(
    Object.entries(tune).map(([key, axis]) => [
      key,
      Array.isArray(axis) ? listed(axis, ["sweep", "tune", key]) : undefined,
    ]),
  );
  const found = new Map<string, Varied[]>();
  for (let i = 0; i < samples; i++) {
    const drawn = Object.entries(tune).map(([key, axis]): Varied => {
      const place = ["sweep", "tune", key];
      const part = random.uniform();
      if (!Array.isArray(axis)) return { key, ...number(between(axis.from, axis.to, axis.scale, part), place) };
      return { key, ...lists.get(key)![Math.floor(part * axis.length)]! };
    });
    found.set(JSON.stringify(drawn.map(({ key, value }) => [key, value])), drawn);
  }
  return [...found.values()];
}

/** A method of a sweep, with the common budget unless it states its own budget or sizes. */
function budgeted(method: MethodSpec, budget: Sweep["budget"]): MethodSpec {
  const stated =
    method.budget !== undefined ||
    ("promptLength" in method &&
      method.promptLength !== undefined &&
      "bottleneck" in method &&
      method.bottleneck !== undefined);
  return budget === undefined || stated ? method : { ...method, budget };
}

/** Whether a setting applies to a method: the learning rate of a group that it lacks does not. */
const applies =
  (method: MethodSpec | undefined) =>
  ({ key }: Setting): boolean =>
    method === undefined || !key.startsWith(RATES) || key.slice(RATES.length) in defaultRates(method);

const short = ({ key, text }: Pick<Varied, "key" | "text">): string => `${key.split(".").at(-1)!}=${text}`;

/** The label of a sweep's method: its kind, and the options that differ where several have the same kind. */
function methodLabel(method: MethodSpec, all: readonly MethodSpec[]): string {
  if (all.filter(({ kind }) => kind === method.kind).length === 1) return method.kind;
  const { kind, ...rest } = method;
  const differing = Object.entries(rest).filter(([key, value]) =>
    all.some((each) => each.kind === kind && JSON.stringify((each as JsonObject)[key]) !== JSON.stringify(value)),
  );
  return [kind, ...differing.map(([key, value]) => short({ key, text: valueText(value) }))].join(" ");
}

/** The default of training.maxSourceLength. */
const LONGEST = 256;

interface Chosen {
  method: MethodSpec | undefined;
  label: string | undefined;
  /** An arm's name, its settings, and the combinations of its tuned ones. */
  arm?: string;
  set?: readonly Setting[];
  tuned?: Varied[][];
  /** The method's index in the sweep's list. */
  index?: number;
  id?: RetrainedCase;
}

/** The arms of a sweep, each with its settings and their places in the file. */
function armsOf(arms: NonNullable<Sweep["arms"]>, budget: Sweep["budget"]): Chosen[] {
  return arms.map(({ name, method, set, tune }, at) => {
    const place = ["sweep", "arms", at] as const;
    for (const part of ["set", "tune"] as const)
      for (const key of Object.keys(part === "set" ? set : tune)) checkKey(key, [...place, part, key]);
    const settings = Object.entries(set).map(([key, value]) => ({ key, value, place: [...place, "set", key] }));
    return {
      method: budgeted(method, budget),
      label: name,
      arm: name,
      set: [...settings, { key: "method", value: undefined, place: [...place, "method"] }],
      tuned: grid(tune, [...place, "tune"]),
    };
  });
}

/**
 * Checks that a sweep can set a key.
 * @throws UserError
 */
function checkKey(key: string, place: Setting["place"]): void {
  if (!isKeyPath(key) || /^(seeds|sweep|name|part)(\.|$)/.test(key))
    throw new UserError(
      "sweep-key-unknown",
      phrase`sweep: "${key}" is not a key that a sweep can set`,
      phrase`Write it dotted, for example training.learningRate.ffn.`,
    ).about(place);
}

/** The methods of a sweep: its arms, those listed, or the retrained ablations, or the file's own method. */
function methodsOf(raw: JsonObject, sweep: Sweep): Chosen[] {
  if (sweep.arms !== undefined) {
    if (sweep.methods !== undefined || sweep.retrained !== undefined)
      throw new UserError(
        "sweep-arms-and-methods",
        phrase`sweep: arms exclude methods and retrained`,
        phrase`Write each method as an arm, or leave the arms out.`,
      ).about(["sweep", "arms"]);
    return armsOf(sweep.arms, sweep.budget);
  }
  if (sweep.retrained === undefined) {
    const methods = sweep.methods?.map((method) => budgeted(method, sweep.budget));
    return (
      methods?.map((method, index) => ({ method, index, label: methodLabel(method, methods) })) ?? [
        { method: undefined, label: undefined },
      ]
    );
  }
  if (sweep.methods !== undefined)
    throw new UserError(
      "sweep-retrained-and-methods",
      phrase`sweep: retrained and methods exclude each other`,
      phrase`Name the methods in a file of their own.`,
    ).about(["sweep", "methods"]);
  const parsed = MethodInput.safeParse(raw["method"]);
  const length = (raw["training"] as JsonObject | undefined)?.["maxSourceLength"];
  const listed = retrainedMethods(parsed.data, sweep.budget, {
    cases: sweep.retrained,
    positions: typeof length === "number" ? length : LONGEST,
  });
  return listed.map(({ id, method }) => ({ id, method, label: `${id}: ${RETRAINED_TEXT[id]}` }));
}

const sizeOf = (axis: Axis): number => (Array.isArray(axis) ? axis.length : (axis.count ?? 1));

/**
 * Refuses more combinations than fit in memory, before any is made: a few lines of a file can describe millions.
 * @throws UserError
 */
function checkSize(raw: JsonObject, sizes: readonly number[]): void {
  const combinations = sizes.reduce((product, size) => product * size, 1);
  if (combinations > MOST_COMBINATIONS || combinations * JSON.stringify(raw).length > MOST_LETTERS)
    throw new UserError(
      "sweep-too-many-combinations",
      phrase`sweep: ${combinations.toLocaleString("en")} combinations are too many to expand`,
      phrase`Take fewer values, or search "random"; a sweep has at most ${MOST_RUNS} runs.`,
    ).about(["sweep"]);
}

/**
 * Expands the seeds and the sweep of an experiment into runs. Seeds change slowest, so that the first seed completes a
 * comparison early.
 * @param raw the file's object without `seeds` and `sweep`
 * @throws UserError for keys that cannot be set, or too many runs
 */
export function expandSweep(raw: JsonObject, seeds: readonly number[] | undefined, sweep: Sweep): SweepPoint[] {
  for (const name of ["vary", "tune"] as const)
    for (const key of Object.keys(sweep[name])) {
      checkKey(key, ["sweep", name, key]);
      if (name === "tune" && Object.hasOwn(sweep.vary, key))
        throw new UserError("sweep-key-twice", phrase`sweep: "${key}" is in both vary and tune`).about([
          "sweep",
          name,
          key,
        ]);
    }
  const chosen = methodsOf(raw, sweep);
  const own = chosen.map(({ tuned }) => tuned?.length ?? 0);
  const common = sweep.search === "random" ? [sweep.samples] : Object.values(sweep.tune).map(sizeOf);
  const tunings = Math.max(
    common.reduce((product, size) => product * size, 1),
    ...own,
  );
  checkSize(raw, [seeds?.length ?? 1, chosen.length, ...Object.values(sweep.vary).map(sizeOf), tunings]);
  const tuned = sweep.search === "random" ? draws(sweep) : grid(sweep.tune, ["sweep", "tune"]);
  const points = new Map<string, SweepPoint>();
  for (const seed of seeds ?? [undefined])
    for (const each of chosen)
      for (const vary of grid(sweep.vary, ["sweep", "vary"]))
        for (const tune of each.tuned ?? tuned) {
          const point = pointOf(raw, each, { seed, vary, tune, budget: sweep.budget });
          points.set(JSON.stringify(point.experiment), point);
          if (points.size > MOST_RUNS)
            throw new UserError(
              "sweep-too-many-runs",
              phrase`sweep: more than ${MOST_RUNS} runs`,
              phrase`Take fewer values, or search "random".`,
            ).about(["sweep"]);
        }
  return [...points.values()];
}

/** One run: the file's object with the values of its method, arm, seed and settings. */
function pointOf(
  raw: JsonObject,
  { method, label: methodName, index, id, arm, set = [] }: Chosen,
  { seed, vary, tune, budget }: { seed: number | undefined; vary: Varied[]; tune: Varied[]; budget: Sweep["budget"] },
): SweepPoint {
  const applied = [...vary, ...tune].filter(applies(method));
  const experiment = structuredClone(raw);
  if (method !== undefined) experiment["method"] = method;
  else if (budget !== undefined) setKey(experiment, "method.budget", budget);
  if (seed !== undefined) experiment["seed"] = seed;
  for (const { key, value } of set) if (value !== undefined) setKey(experiment, key, value);
  for (const { key, value } of applied) setKey(experiment, key, value);
  const named = methodName === undefined ? [] : [methodName];
  const variant = [...named, ...applied.map(short)].join(", ");
  const label = [...(variant === "" ? [] : [variant]), ...(seed === undefined ? [] : [`seed=${seed}`])].join(", ");
  return {
    experiment,
    label,
    variant,
    tune: tune.filter(applies(method)).map(({ key }) => key),
    origin: { method: index, settings: [...applied, ...set] },
    ...(id !== undefined && { id }),
    ...(arm !== undefined && { arm }),
  };
}
