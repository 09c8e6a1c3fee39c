import { bytesText } from "../../base/text/bytesText.ts";
import { settled } from "../../engine/engineSpec.ts";
import { UserError } from "../../base/errors.ts";
import type { MemoryForecast } from "../../model/memory/modelMemory.ts";
import { memoryNeed, type Change, type NeedingRun } from "./memoryNeed.ts";

/** Bytes that can be had: of the machine, and of a graphics processor where that is known. */
export interface Available {
  host: number;
  device?: number | undefined;
}
/** How a run fits: with so many copies of the model. `less`: a change that would take less, where memory is scarce. */
export interface Fitting {
  forecast: MemoryForecast;
  copies: number;
  less: string | undefined;
}

const LENGTHS = [1024, 768, 512, 384, 256, 192, 128, 96, 64, 48, 32, 16];
/** Of what is free, the share above which it is also said what would take less. */
const SCARCE = 0.5;
const GO_ON = '"engine": { "memory": "ignore" } starts it all the same.';

const fits = ({ host, device }: MemoryForecast, have: Available): boolean =>
  host <= have.host && (have.device === undefined || device <= have.device);
/** The memory that is short, else the one that is fuller. */
const onDevice = ({ host, device }: MemoryForecast, have: Available): boolean =>
  have.device !== undefined && device / have.device > host / have.host;
const needOf = (forecast: MemoryForecast, device: boolean): string =>
  bytesText(device ? forecast.device : forecast.host);

/** The longest inputs that would fit. */
function shorter(run: NeedingRun, have: Available, change: Change): Change | undefined {
  const longest = run.train.concat(run.evaluated).reduce((most, { ids }) => Math.max(most, ids.length), 1);
  return LENGTHS.filter((length) => length < longest)
    .map((maxSourceLength) => ({ ...change, maxSourceLength }))
    .find((each) => fits(memoryNeed(run, each), have));
}

/**
 * On a graphics processor a whole batch is one part, so that fewer rows take less; the processor cuts batches anyway.
 */
function smaller(run: NeedingRun, have: Available): Change | undefined {
  if (have.device === undefined) return undefined;
  const sizes: number[] = [];
  for (let size = Math.floor(run.experiment.training.batchSize / 2); size >= 1; size = Math.floor(size / 2))
    sizes.push(size);
  return sizes.map((batchSize) => ({ copies: 1, batchSize })).find((change) => fits(memoryNeed(run, change), have));
}

/** Without copies of the weights, where it has them: it costs time and no quality. */
function sparing({ experiment: { engine, precision } }: NeedingRun): Change | undefined {
  return settled(engine).device === "cpu" && engine.memory !== "spare" && precision.weights === "fp32"
    ? { copies: 1, spare: true }
    : undefined;
}

function said(run: NeedingRun, change: Change, device: boolean): string {
  const { batchSize, accumulation } = run.experiment.training;
  const { spare = false, maxSourceLength: length } = change;
  const engine = '"engine": { "memory": "spare" }';
  const setting =
    length !== undefined
      ? `training.maxSourceLength ${length}`
      : change.batchSize === undefined
        ? "engine.replicas 1"
        : `training.batchSize ${change.batchSize} (with training.accumulation ${accumulation * Math.ceil(batchSize / change.batchSize)})`;
  const what = !spare
    ? setting
    : length === undefined
      ? `${engine}, whose steps take about a tenth more time,`
      : `${engine} with ${setting}`;
  return `${what} would need ${needOf(memoryNeed(run, change), device)}`;
}

/**
 * What would make the run fit, each with its need: what costs time before what costs quality, both only where neither
 * does alone.
 */
function remedies(run: NeedingRun, forecast: MemoryForecast, have: Available): string {
  const device = onDevice(forecast, have);
  const spare = sparing(run);
  const alone = [
    ...(spare !== undefined && fits(memoryNeed(run, spare), have) ? [spare] : []),
    smaller(run, have),
    shorter(run, have, { copies: 1 }),
  ].filter((change) => change !== undefined);
  const changes =
    alone.length > 0 || spare === undefined
      ? alone
      : [shorter(run, have, spare)].filter((change) => change !== undefined);
  const weights = bytesText(forecast.weights / forecast.copies);
  return [
    ...changes.map((change) => said(run, change, device)),
    changes.length > 0
      ? `a smaller backbone needs less too (the weights of this one take ${weights})`
      : `its weights alone take ${weights}: use a smaller backbone`,
  ].join("; ");
}

/** The change that takes least of a run's quality and still takes less memory. */
function lessThan(
  run: NeedingRun,
  { forecast, copies }: Pick<Fitting, "forecast" | "copies">,
  have: Available,
): string | undefined {
  if (
    fits(forecast, { host: SCARCE * have.host, device: have.device === undefined ? undefined : SCARCE * have.device })
  )
    return undefined;
  if (copies > 1) return said(run, { copies: 1 }, false);
  const spare = sparing(run);
  if (spare !== undefined && memoryNeed(run, spare).host < forecast.host) return said(run, spare, false);
  const longest = run.train.reduce((most, { ids }) => Math.max(most, ids.length), 1);
  const half = LENGTHS.find((length) => length <= longest / 2);
  return half === undefined ? undefined : said(run, { copies: 1, maxSourceLength: half }, onDevice(forecast, have));
}

/**
 * The most copies of the model, up to `wanted`, with which a run fits; results do not depend on them.
 * @throws UserError where it does not fit with one copy either, with what would fit; not where the experiment says that
 * memory is not to be looked at
 */
export function fitMemory(run: NeedingRun, wanted: number, have: Available): Fitting {
  let copies = wanted;
  let forecast = memoryNeed(run, { copies });
  const ignored = run.experiment.engine.memory === "ignore";
  while (!ignored && copies > 1 && !fits(forecast, have)) forecast = memoryNeed(run, { copies: --copies });
  if (ignored || fits(forecast, have))
    return { forecast, copies, less: ignored ? undefined : lessThan(run, { forecast, copies }, have) };
  const device = onDevice(forecast, have);
  const free = bytesText(device ? (have.device ?? 0) : have.host);
  const action = `${remedies(run, forecast, have)}. ${GO_ON}`;
  if (device)
    throw new UserError(
      `Training needs ${needOf(forecast, true)} of the memory of "${settled(run.experiment.engine).device}", which has ${free} free`,
      action,
    );
  throw new UserError(`Training needs ${needOf(forecast, false)} of memory, this machine has ${free} free`, action);
}
