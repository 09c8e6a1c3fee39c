import { UserError } from "../experiment/errors.ts";
import type { MethodSpec } from "../experiment/methodSpec.ts";
import { MersenneTwister } from "../experiment/random.ts";
import { initialise } from "../method/initialise.ts";
import { resolveSizes } from "../method/sizes.ts";
import type { T5TunedModel } from "../method/tunedModel.ts";
import type { Batch, Parameters } from "../training/model.ts";
import { backboneLayout } from "../training/prepare.ts";
import { backboneFolder } from "../training/backboneFolder.ts";
import type { Progress } from "./outcomes.ts";
import { medianInterval, type MedianInterval } from "./statistics/medianInterval.ts";
import type { Subject } from "./subject.ts";

/** Milliseconds of one call; `endToEnd`: encoder and 4 decoded tokens, `inputLayer`: [P ; E'] alone. */
export interface Timed { form: string; parameters: number; promptLength: number; length: number; batchSize: number; endToEnd: MedianInterval; inputLayer: MedianInterval; /** median over the bare backbone's, same length and batch */ ratio: MedianInterval }
export interface Latency { rounds: number; tokens: number; device: string; rows: Timed[] }

interface Form { form: string; model: T5TunedModel; parameters: Parameters; count: number; promptLength: number }

/** Texts of these lengths (tokens), in batches of these sizes, each form once a round. */
export interface Grid { lengths: readonly number[]; batches: readonly number[]; rounds: number }
const GRID: Grid = { lengths: [32, 128, 256], batches: [1, 16], rounds: 11 }, WARM_UP = 2, TOKENS = 4;

/** The forms that are timed: the run, its fold, DePT and prompt tuning of as many parameters, and the backbone with nothing before it. Times depend on shapes, not on what was learned. */
function formsOf(subject: Subject, longest: number): Form[] {
  const { adapter, side, experiment } = subject, { spec, sizes, parameters } = adapter, folder = backboneFolder(experiment.backbone), layout = backboneLayout(folder);
  const rival = (method: MethodSpec, form: string): Form[] => {
    if (method.kind === spec.kind) return [];
    const own = resolveSizes(method, layout), model = subject.open({ method, sizes: own });
    const source = { embedding: side.table, width: side.width, vocabularySize: model.vocabularySize, promptIds: [1], weight: (name: string, dims: readonly number[]) => model.weight(name, dims) };
    return [{ form, model, parameters: initialise(model.shape, source, new MersenneTwister(0)), count: own.count, promptLength: own.promptLength }];
  };
  const table = side.offsets && side.table.map((e, i) => e + side.offsets![i]!), bare: Parameters = new Map();
  // A folded model keeps the prompt; its other tensors are in the table.
  const prompt = new Map([...parameters].filter(([name]) => name === "prompt")), budget = Math.max(sizes.count, 3 * side.width);
  return [
    { form: "backbone alone", model: subject.open({ method: { kind: "ia3", source: undefined, budget: undefined, targets: [], feedForward: [] } }), parameters: bare, count: 0, promptLength: 0 },
    { form: spec.kind, model: subject.tuned, parameters, count: sizes.count, promptLength: sizes.promptLength },
    ...(table === undefined || side.positions !== undefined ? [] : [{ form: `${spec.kind} folded`, model: subject.open({ folded: table }), parameters: prompt, count: sizes.count, promptLength: sizes.promptLength }]),
    ...rival({ kind: "dept", source: undefined, promptInit: "random", initText: "", positions: longest, scale: "official", budget: Math.max(budget, 2 * longest + 4 * side.width) }, "dept"),
    ...rival({ kind: "pt", source: undefined, promptInit: "random", initText: "", budget }, "pt"),
  ];
}

/** A batch of real test tokens, cut and repeated to the length. */
function batchOf({ test }: Subject, length: number, rows: number): Batch {
  const ids = test.flatMap((each) => Array.from(each.ids)).filter((id) => id > 1);
  if (ids.length === 0) throw new UserError("The test texts have no tokens to time with", "Give task.test texts.");
  return { rows, sourceLength: length, targetLength: 1, ids: Int32Array.from({ length: rows * length }, (_, i) => ids[i % ids.length]!), mask: new Float32Array(rows * length).fill(1), labels: new Int32Array(rows).fill(1) };
}

const timed = async (work: () => Promise<unknown>): Promise<number> => { const from = performance.now(); await work(); return performance.now() - from; };

/** Times every form on one batch, in turn, in an order that moves on by one each round. */
async function race(forms: readonly Form[], batch: Batch, rounds: number): Promise<{ endToEnd: number[]; inputLayer: number[] }[]> {
  const times = forms.map(() => ({ endToEnd: [] as number[], inputLayer: [] as number[] }));
  for (let round = -WARM_UP; round < rounds; round++) for (let turn = 0; turn < forms.length; turn++) {
    const at = (turn + round + WARM_UP) % forms.length, { model, parameters } = forms[at]!;
    const whole = await timed(() => model.generate(parameters, batch, TOKENS)), input = await timed(() => model.input(parameters, batch));
    if (round >= 0) { times[at]!.endToEnd.push(whole); times[at]!.inputLayer.push(input); }
  }
  return times;
}

/** Latency of a run beside its rivals over lengths and batch sizes, after warm-up, repeated in turn. */
export async function analyseLatency(subject: Subject, progress: Progress, { lengths: asked, batches, rounds }: Grid = GRID): Promise<Latency> {
  const rowsOfTable = subject.side.positions === undefined ? Infinity : subject.side.positions.length / subject.side.width, lengths = asked.filter((length) => length <= rowsOfTable), forms = formsOf(subject, Math.max(...asked)), rows: Timed[] = [], total = lengths.length * batches.length;
  for (const length of lengths) for (const batchSize of batches) {
    const times = await race(forms, batchOf(subject, length, batchSize), rounds), bare = times[0]!.endToEnd;
    times.forEach(({ endToEnd, inputLayer }, i) => {
      const { form, count, promptLength } = forms[i]!;
      rows.push({ form, parameters: count, promptLength, length, batchSize, endToEnd: medianInterval(endToEnd), inputLayer: medianInterval(inputLayer), ratio: medianInterval(endToEnd.map((each, round) => each / bare[round]!)) });
    });
    progress({ label: `${length} tokens, batch ${batchSize}`, done: rows.length / forms.length, total, metric: undefined });
  }
  return { rounds, tokens: TOKENS, device: subject.tuned.device, rows };
}
