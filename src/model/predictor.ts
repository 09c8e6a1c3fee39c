import type { Batch } from "../backbone/batch.ts";
import { targetTokens } from "../backbone/batchRows.ts";
import type { Feeds } from "../backbone/feeds.ts";
import type { HostFeeds } from "../backbone/hostFeeds.ts";
import type { Plan } from "../backbone/sequenceGraph.ts";
import { freeHeld, HeldLost, HeldTensor } from "../engine/heldTensor.ts";
import type { Program } from "../engine/program.ts";
import type { Value } from "../graph/value.ts";
import type { Parameters } from "../method/parameters.ts";
import { samplingChoice } from "./chooseToken.ts";
import { decodeTokens, type DecodingOptions } from "./decoding.ts";
import type { MethodGraph } from "./methodGraph.ts";
import type { GenerateOptions, Observe, RowLosses, TunedModel } from "./model.ts";
import { programName } from "./programs.ts";
import { batchBehind } from "./readAnew.ts";
import { SharedStart } from "./sharedStart.ts";
import { batchRange, feedsRange, rowRanges, scoredRows, type RowRange } from "./scoredRows.ts";

/** The parts of a model that predictions use. */
export interface PredictorParts {
  graph: MethodGraph;
  feeds: HostFeeds;
  vocabulary: number;
  /** The prompt's length in tokens. */
  prompt: (parameters: Parameters) => number;
  /** Feeds of prompt and text; of a teacher-forced pass; of a target, with the labels. */
  sourceFeeds: (parameters: Parameters, batch: Batch) => Feeds;
  wholeFeeds: (parameters: Parameters, batch: Batch) => Feeds;
  targetFeeds: (parameters: Parameters, batch: Batch) => Feeds;
  /** Feeds of the rest of texts behind `shared` tokens; undefined where they cannot be read in parts. */
  behindFeeds: (parameters: Parameters, batch: Batch, shared: number) => Feeds | undefined;
  /** Feeds of a step of decoding with the method's, from the family's own feeds of the step. */
  stepFeeds: (parameters: Parameters, batch: Batch, own: Feeds) => Feeds;
  /** @param isStep whether the program is that of one token, again and again */
  program: (name: string, outputs: () => Record<string, Value>, isStep?: boolean) => Promise<Program>;
}

/** A batch's texts, read once. */
interface ReadTexts {
  parameters: Parameters;
  batch: Batch;
  plan: Plan;
  kept: Feeds;
  /** What was kept of the start that the texts share with others; absent: they were read from their own start. */
  shared?: Feeds | undefined;
  states?: Float32Array | undefined;
}

/** The name of the states' output, where the states are not among the outputs that decoding needs anyway. */
const STATES = "states";

/** Outputs whose values the host reads. */
const LOGITS = "logits";
const FIRST_LOGITS = "firstLogits";
/** The variant of a program whose texts were read behind a shared start. */
const BEHIND = "behind";
/** How often a batch's texts are read where the device loses what was kept of them. */
const MOST_READINGS = 3;

/** Predictions of a model: losses of targets, scores of several targets, decoding. No dropout. */
export class Predictor {
  /** The name of the output with the states, for each plan. */
  private readonly statesNames = new Map<Plan, string>();
  /** The start that texts of an evaluation share. */
  readonly start = new SharedStart();

  constructor(private readonly parts: PredictorParts) {}

  async losses(parameters: Parameters, batch: Batch): Promise<RowLosses> {
    return perRow(await this.wholeLosses(parameters, batch), batch);
  }

  /** Losses (rows, targetLength) of a batch's labels, where text and target are read at once. */
  private async wholeLosses(parameters: Parameters, batch: Batch): Promise<Float32Array> {
    const { graph, program, wholeFeeds } = this.parts;
    const plan = graph.plan(batch.targetLength);
    const run = await program(programName("losses", { [plan]: plan !== "" }), () => graph.losses(plan));
    return this.lossesOf(batch, (rows) => run.run(wholeFeeds(parameters, rows)));
  }

  /**
   * Losses (rows, targetLength) of a batch's labels, of so many rows at once that their logits fit.
   * @param score computes the output `losses` of some of the rows
   */
  private async lossesOf(batch: Batch, score: (rows: Batch, range: RowRange) => Promise<Feeds>): Promise<Float32Array> {
    const { targetLength, rows } = batch;
    const losses = new Float32Array(rows * targetLength);
    for (const range of rowRanges(rows, scoredRows(targetLength, this.parts.vocabulary))) {
      const part = batchRange(batch, range);
      const found = await score(part, range);
      losses.set(this.parts.feeds.losses(found["losses"]!.data as Float32Array, part), range.from * targetLength);
    }
    return losses;
  }

  /** As `newTokens` of the family's feeds; an embedded input is never read anew. */
  private limits(parameters: Parameters, batch: Batch): number[] | undefined {
    const { feeds, prompt } = this.parts;
    return batch.inputEmbeddings === undefined ? feeds.newTokens?.(batch, prompt(parameters)) : undefined;
  }

  async predict(
    parameters: Parameters,
    batch: Batch,
    maxTokens: number,
    observe?: Observe,
  ): ReturnType<TunedModel["predict"]> {
    const longest = Math.max(maxTokens, batch.targetLength);
    return this.reading(parameters, batch, { longest, states: observe !== undefined }, async (texts) => {
      const losses = await this.targetLosses(texts, batch);
      const generated = await this.decode(texts, { maxTokens, first: observing(texts, observe) });
      return { ...perRow(losses, batch), generated };
    });
  }

  async generate(
    parameters: Parameters,
    batch: Batch,
    maxTokens: number,
    { endless, sampling }: GenerateOptions = {},
  ): Promise<number[][]> {
    return this.reading(parameters, batch, { longest: maxTokens, states: false }, (texts) =>
      this.decode(texts, { maxTokens, endless, choose: sampling && samplingChoice(batch, sampling) }),
    );
  }

  async scoreTargets(
    parameters: Parameters,
    batch: Batch,
    targets: readonly ArrayLike<number>[],
    observe?: Observe,
  ): Promise<number[][]> {
    const { rows } = batch;
    const longest = Math.max(1, ...targets.map(({ length }) => length));
    return this.reading(parameters, batch, { longest, states: observe !== undefined }, async (texts) => {
      if (observe !== undefined) await this.decode(texts, { maxTokens: 1, first: observing(texts, observe) });
      const scores: number[][] = Array.from({ length: rows }, () => []);
      for (const target of targets) {
        const length = target.length;
        const labels = new Int32Array(rows * length);
        for (let row = 0; row < rows; row++) labels.set(target, row * length);
        const losses = await this.targetLosses(texts, { ...batch, targetLength: length, labels, targetIds: undefined });
        scores.forEach((row, i) => row.push(losses.subarray(i * length, (i + 1) * length).reduce((a, b) => a + b, 0)));
      }
      return scores;
    });
  }

  /**
   * Reads a batch's texts once, and passes what was kept of them to `work`; what the device holds of it is freed
   * afterwards. Where the device lost it, texts are read again.
   */
  private async reading<R>(
    parameters: Parameters,
    batch: Batch,
    options: { longest: number; states: boolean },
    work: (texts: ReadTexts) => Promise<R>,
  ): Promise<R> {
    for (let attempt = 1; ; attempt++) {
      let texts: ReadTexts | undefined;
      try {
        texts = options.states ? undefined : await this.readBehind(parameters, batch);
        texts ??= await this.read(parameters, batch, options);
        return await work(texts);
      } catch (error) {
        if (!(error instanceof HeldLost) || attempt === MOST_READINGS) throw error;
        this.start.release();
      } finally {
        if (texts !== undefined) freeHeld(texts.kept);
      }
    }
  }

  /**
   * Runs the backbone over prompt and text once.
   * @param longest the most tokens that will be decoded or scored
   */
  private async read(
    parameters: Parameters,
    batch: Batch,
    { longest, states }: { longest: number; states: boolean },
  ): Promise<ReadTexts> {
    const { graph, feeds, program, sourceFeeds } = this.parts;
    const plan = graph.plan(longest);
    const name = states ? this.statesName(plan) : undefined;
    const variants = { [plan]: plan !== "", [STATES]: name === STATES };
    const prefill = await program(programName("encode", variants), () => {
      const outputs = graph.prefill(plan);
      return name === STATES ? { ...outputs.kept, [STATES]: outputs.states } : outputs.kept;
    });
    const source = sourceFeeds(parameters, batch);
    const { [STATES]: apart, ...kept } = await prefill.run(source, [
      FIRST_LOGITS,
      ...(name === undefined ? [] : [name]),
    ]);
    const found = name === undefined ? undefined : (apart ?? kept[name]);
    return { parameters, batch, plan, kept: feeds.kept(kept, source), states: found?.data as Float32Array | undefined };
  }

  /** Reads the rest of texts whose start is kept; undefined where they share none, or it cannot be kept. */
  private async readBehind(parameters: Parameters, batch: Batch): Promise<ReadTexts | undefined> {
    const { graph, program, feeds, prompt, behindFeeds } = this.parts;
    if (batch.inputEmbeddings !== undefined || batch.shared === undefined) return undefined;
    const source = behindFeeds(parameters, batch, batch.shared.tokens);
    if (source === undefined) return undefined;
    const shared = await this.start.of(batch, prompt(parameters), async (start) => {
      const { kept } = await this.read(parameters, start, { longest: 1, states: false });
      return kept;
    });
    if (shared === undefined) return undefined;
    const prefill = await program(programName("encode", { [BEHIND]: true }), () => graph.prefillBehind());
    const kept = await prefill.run({ ...source, ...shared }, [FIRST_LOGITS]);
    return { parameters, batch, plan: graph.plan(1), kept: feeds.kept(kept, source), shared };
  }

  /**
   * The name of the output with the states: one of `prefill`'s kept outputs where a plan keeps the states themselves.
   */
  private statesName(plan: Plan): string {
    const known = this.statesNames.get(plan);
    if (known !== undefined) return known;
    const { kept, states } = this.parts.graph.prefill(plan);
    const name = Object.keys(kept).find((each) => kept[each] === states) ?? STATES;
    this.statesNames.set(plan, name);
    return name;
  }

  private async targetLosses({ parameters, plan, kept, shared }: ReadTexts, batch: Batch): Promise<Float32Array> {
    if (this.limits(parameters, batch)?.some((limit, row) => targetTokens(batch, row) >= limit) === true)
      return this.wholeLosses(parameters, batch);
    const { graph, program, targetFeeds } = this.parts;
    const isBehind = shared !== undefined;
    const name = programName("score targets", { [plan]: plan !== "", [BEHIND]: isBehind });
    const scorer = await program(name, () => graph.targetLosses(plan, isBehind));
    return this.lossesOf(batch, (rows, range) =>
      scorer.run({ ...feedsRange(kept, range), ...shared, ...targetFeeds(parameters, rows) }),
    );
  }

  private async decode(
    { parameters, batch, plan, kept, shared }: ReadTexts,
    options: Omit<DecodingOptions, "vocabulary">,
  ): Promise<number[][]> {
    const { graph, feeds, program, vocabulary, stepFeeds } = this.parts;
    const isBehind = shared !== undefined;
    const isHeld = Object.values(kept).some((each) => each instanceof HeldTensor);
    const name = programName("decode step", { [plan]: plan !== "", [BEHIND]: isBehind });
    const decoder = await program(name, () => graph.decodeStep(plan, { isBehind, isHeld }), true);
    const decoding = feeds.decoding(kept, batch, isBehind ? columnsOf(shared) : 0);
    const limits = this.limits(parameters, batch);
    let cache: Feeds = {};
    const step = async (own: Feeds): Promise<Feeds> => {
      const { logits, ...next } = await decoder.run({ ...shared, ...stepFeeds(parameters, batch, own) }, [LOGITS]);
      freeHeld(cache);
      cache = next;
      return { logits: logits!, ...next };
    };
    const found = await decodeTokens(step, decoding, { vocabulary, ...options, limits }).finally(() => {
      freeHeld(cache);
    });
    if (limits === undefined) return found;
    const goOn = found.map((tokens, row) => {
      const hasEnded = options.endless !== true && tokens.length > 0 && decoding.isEnd(tokens.at(-1)!);
      return tokens.length === limits[row] && tokens.length < options.maxTokens && !hasEnded;
    });
    return this.readAnew(parameters, { batch, found, goOn }, options);
  }

  /** Decodes the rest of rows whose text must be read anew with the tokens found so far. */
  private async readAnew(
    parameters: Parameters,
    { batch, found, goOn }: { batch: Batch; found: number[][]; goOn: readonly boolean[] },
    { maxTokens, endless, choose }: Omit<DecodingOptions, "vocabulary">,
  ): Promise<number[][]> {
    const rows = goOn.flatMap((each, row) => (each ? [row] : []));
    if (rows.length === 0) return found;
    const longest = maxTokens - Math.min(...rows.map((row) => found[row]!.length));
    const chooseNext = choose && ((logits: Float32Array, row: number) => choose(logits, rows[row]!));
    const behind = batchBehind(batch, rows, found);
    const rest = await this.reading(parameters, behind, { longest, states: false }, (texts) =>
      this.decode(texts, { maxTokens: longest, endless, choose: chooseNext }),
    );
    return found.map((tokens, row) => {
      const at = rows.indexOf(row);
      return at < 0 ? tokens : [...tokens, ...rest[at]!].slice(0, maxTokens);
    });
  }
}

/** The columns of keys that were kept of a start. */
const columnsOf = (shared: Feeds): number => Object.values(shared)[0]!.dims[2]!;

/** Passes the first new token's logits to `observe`, with the states of prompt and text. */
const observing = ({ states }: ReadTexts, observe: Observe | undefined): DecodingOptions["first"] =>
  observe &&
  ((logits) => {
    observe({ logits, states: states! });
  });

/** The sum and the number of token losses (B, T) in each row. */
function perRow(losses: Float32Array, { rows, targetLength, labels }: Batch): RowLosses {
  const starts = Array.from({ length: rows }, (_, i) => i * targetLength);
  return {
    sum: starts.map((from) => losses.subarray(from, from + targetLength).reduce((a, b) => a + b, 0)),
    tokens: starts.map((from) => labels.subarray(from, from + targetLength).filter((id) => id >= 0).length),
  };
}
