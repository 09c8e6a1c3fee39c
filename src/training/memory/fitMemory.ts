import { bytesText } from "../../base/text/bytesText.ts";
import { settled } from "../../engine/engineSpec.ts";
import { UserError } from "../../base/errors.ts";
import type { MemoryForecast } from "../../model/memory/modelMemory.ts";
import { accessOf, asksForLeast, canRecompute, memoryNeed, type MemoryChange, type MemoryInput } from "./memoryNeed.ts";
import { phrase, listed, type Phrase } from "../../base/phrase.ts";

/** Free memory in bytes: of the machine, and of a graphics processor where that is known. */
export interface AvailableMemory {
  host: number;
  device?: number | undefined;
}
/** How a run fits into memory. */
export interface MemoryFit {
  forecast: MemoryForecast;
  /** Copies of the model. */
  copies: number;
  /** Whether the backward pass computes each layer a second time. */
  recomputed: boolean;
  /** A change that would take less memory, where memory is scarce. */
  less: Phrase | undefined;
}

const LENGTHS = [1024, 768, 512, 384, 256, 192, 128, 96, 64, 48, 32, 16];
/** Above this share of the free memory, a run that fits also gets advice on using less. */
const SCARCE = 0.5;
const SPARE_ENGINE = '"engine": { "memory": "spare" }';
const LEAST_ENGINE = '"engine": { "memory": "least" }';
const GO_ON = phrase`"engine": { "memory": "ignore" } starts the run without this check.`;

const fits = ({ host, device }: MemoryForecast, have: AvailableMemory): boolean =>
  host <= have.host && (have.device === undefined || device <= have.device);
/**
 * Whether the run needs a larger share of the graphics processor's free memory than of the machine's; messages then
 * name the former.
 */
const onDevice = ({ host, device }: MemoryForecast, have: AvailableMemory): boolean =>
  have.device !== undefined && device / have.device > host / have.host;
const needOf = (forecast: MemoryForecast, device: boolean): string =>
  bytesText(device ? forecast.device : forecast.host);

/** Forecasts the memory of a run with a change, where layers are computed a second time if that takes less. */
function leastNeed(run: MemoryInput, change: MemoryChange): MemoryForecast {
  const kept = memoryNeed(run, change);
  if (!canRecompute(run.experiment)) return kept;
  const again = memoryNeed(run, { ...change, recomputed: true });
  return again.host + again.device < kept.host + kept.device ? again : kept;
}

/** The longest inputs with which the run fits. */
function shorterInputs(run: MemoryInput, have: AvailableMemory, change: MemoryChange): MemoryChange | undefined {
  const longest = run.train.concat(run.evaluated).reduce((most, { ids }) => Math.max(most, ids.length), 1);
  return LENGTHS.filter((length) => length < longest)
    .map((maxSourceLength) => ({ ...change, maxSourceLength }))
    .find((each) => fits(leastNeed(run, each), have));
}

/**
 * The largest batch with which the run fits. Only on a graphics processor does that help, where a whole batch is
 * computed at once; the processor splits batches anyway.
 */
function smallerBatch(run: MemoryInput, have: AvailableMemory): MemoryChange | undefined {
  if (have.device === undefined) return undefined;
  const sizes: number[] = [];
  for (let size = Math.floor(run.experiment.training.batchSize / 2); size >= 1; size = Math.floor(size / 2))
    sizes.push(size);
  return sizes.map((batchSize) => ({ copies: 1, batchSize })).find((change) => fits(leastNeed(run, change), have));
}

/** The change to a run without copies of the weights, if it makes any: steps take longer, and results are the same. */
function withoutWeightCopies(run: MemoryInput): MemoryChange | undefined {
  return settled(run.experiment.engine).device === "cpu" && accessOf(run).step === "packed"
    ? { copies: 1, spare: true }
    : undefined;
}

function remedyText(
  run: MemoryInput,
  change: MemoryChange,
  { device, need = memoryNeed }: { device: boolean; need?: typeof memoryNeed },
): Phrase {
  return phrase`${describe(run, change)} would need ${needOf(need(run, change), device)}`;
}

function describe(run: MemoryInput, change: MemoryChange): Phrase {
  if (change.recomputed === true) return phrase`${LEAST_ENGINE}, whose steps take about a third more time,`;
  if (change.spare !== true) return settingOf(run, change);
  return change.maxSourceLength === undefined
    ? phrase`${SPARE_ENGINE}, whose steps take about a tenth more time,`
    : phrase`${SPARE_ENGINE} with ${settingOf(run, change)}`;
}

/** The settings of a change, other than copies of the weights. */
function settingOf({ experiment: { training } }: MemoryInput, { maxSourceLength, batchSize }: MemoryChange): Phrase {
  if (maxSourceLength !== undefined) return phrase`training.maxSourceLength ${maxSourceLength}`;
  if (batchSize === undefined) return phrase`engine.replicas 1`;
  const accumulation = training.accumulation * Math.ceil(training.batchSize / batchSize);
  return phrase`training.batchSize ${batchSize} (with training.accumulation ${accumulation})`;
}

/**
 * The changes that would make the run fit, each with its memory need. Changes that cost time come before changes of
 * quality; a combination of both is offered only where neither suffices.
 */
function remedies(run: MemoryInput, forecast: MemoryForecast, have: AvailableMemory): Phrase {
  const device = onDevice(forecast, have);
  const spare = withoutWeightCopies(run);
  const alone = [
    ...(spare !== undefined && fits(leastNeed(run, spare), have) ? [spare] : []),
    smallerBatch(run, have),
    shorterInputs(run, have, { copies: 1 }),
  ].filter((change) => change !== undefined);
  const changes =
    alone.length > 0 || spare === undefined
      ? alone
      : [shorterInputs(run, have, spare)].filter((change) => change !== undefined);
  const weights = bytesText(forecast.weights / forecast.copies);
  const remedy =
    changes.length > 0
      ? phrase`a smaller backbone needs less too (the weights of this one take ${weights})`
      : phrase`its weights alone take ${weights}: use a smaller backbone`;
  return listed([...changes.map((change) => remedyText(run, change, { device, need: leastNeed })), remedy], "; ");
}

/** The cheapest change that takes less memory; undefined where at most the share SCARCE of the free memory is used. */
function savingAdvice(
  run: MemoryInput,
  { forecast, copies }: Pick<MemoryFit, "forecast" | "copies">,
  have: AvailableMemory,
): Phrase | undefined {
  if (
    fits(forecast, { host: SCARCE * have.host, device: have.device === undefined ? undefined : SCARCE * have.device })
  )
    return undefined;
  if (copies > 1) return remedyText(run, { copies: 1 }, { device: false });
  const spare = withoutWeightCopies(run);
  if (spare !== undefined && memoryNeed(run, spare).host < forecast.host)
    return remedyText(run, spare, { device: false });
  const longest = run.train.reduce((most, { ids }) => Math.max(most, ids.length), 1);
  const half = LENGTHS.find((length) => length <= longest / 2);
  return half === undefined
    ? undefined
    : remedyText(run, { copies: 1, maxSourceLength: half }, { device: onDevice(forecast, have) });
}

/**
 * Finds the largest number of copies of the model, up to `wanted`, with which a run fits, and whether it fits only if
 * its backward pass computes layers a second time; results depend on neither.
 * @throws UserError where it does not fit with one copy, unless the experiment says to ignore memory; it names what
 * would fit
 */
export function fitMemory(run: MemoryInput, wanted: number, have: AvailableMemory): MemoryFit {
  let copies = wanted;
  let recomputed = asksForLeast(run.experiment);
  let forecast = memoryNeed(run, { copies });
  const ignored = run.experiment.engine.memory === "ignore";
  while (!ignored && copies > 1 && !fits(forecast, have)) forecast = memoryNeed(run, { copies: --copies });
  if (!ignored && !fits(forecast, have)) {
    const least = leastNeed(run, { copies });
    recomputed = recomputed || least.training < forecast.training;
    forecast = least;
  }
  if (ignored || fits(forecast, have))
    return { forecast, copies, recomputed, less: ignored ? undefined : savingAdvice(run, { forecast, copies }, have) };
  const device = onDevice(forecast, have);
  const free = bytesText(device ? (have.device ?? 0) : have.host);
  const action = phrase`${remedies(run, forecast, have)}. ${GO_ON}`;
  if (device)
    throw new UserError(
      "training-device-memory-short",
      phrase`Training needs ${needOf(forecast, true)} of the memory of "${settled(run.experiment.engine).device}", which has ${free} free`,
      action,
    );
  throw new UserError(
    "training-memory-short",
    phrase`Training needs ${needOf(forecast, false)} of memory, this machine has ${free} free`,
    action,
  );
}
