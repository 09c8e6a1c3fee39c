import { TokenTable } from "../../analysis/offsets/tokenTable.ts";
import { loadTokenizer, type TextTokenizer } from "../../backbone/tokenizer/tokenizer.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { UserError } from "../../base/errors.ts";
import { percentileScale, type ColourScale } from "../../heatmap/colourScale.ts";
import { phrase } from "../../base/phrase.ts";
import type { Measure } from "../../protocol/measures.ts";
import type { EncodedTexts, OpenedRun, TokenDetails, TokenRequest } from "../../protocol/heatmapQuestions.ts";
import { RunDirectory } from "../../run/directory/runDirectory.ts";
import { locatedExperiment } from "../../run/inputs/inputPlaces.ts";
import { promptForm } from "../../experiment/checkPrompt.ts";
import { openBackbone } from "../../backbone/openBackbone.ts";
import { promptReading } from "./promptReading.ts";
import { backboneFolder } from "../../backbone/backboneFolder.ts";

const short = (x: number): number => Number(x.toPrecision(6));
const finite = (x: number | undefined): number | undefined =>
  x === undefined || !Number.isFinite(x) ? undefined : short(x);
/** The number of tokens whose neighbours are kept; finding them reads the whole embedding. */
const MOST_LOOKED = 500;

/** A run's tokenizer and its table of offsets. */
export class OpenTokens {
  private readonly looked = new Map<number, ReturnType<TokenTable["neighbours"]>>();

  private constructor(
    private readonly experiment: Experiment,
    private readonly tokenizer: TextTokenizer,
    private readonly table: TokenTable,
    private readonly stamp: string,
  ) {}

  /**
   * @param stamp identifies the run's tensors, which change when it is trained on
   * @throws UserError where the run has no adapter yet, or its method has no offsets
   */
  static open(path: string, stamp: string): OpenTokens {
    const run = RunDirectory.open(path);
    const experiment = locatedExperiment(run);
    const folder = backboneFolder(experiment.backbone);
    let table: TokenTable;
    try {
      table = TokenTable.open(run.adapterPath, folder, experiment.precision.weights);
    } catch (error) {
      if (!(error instanceof UserError) || run.record().status === "finished") throw error;
      throw new UserError(
        "run-without-offsets",
        phrase`Run "${run.record().name}" has no offsets yet: it is ${run.record().status}`,
        phrase`Let it finish, or stop it: a stopped run keeps its best so far.`,
      );
    }
    return new OpenTokens(experiment, loadTokenizer(folder), table, stamp);
  }

  async opened(): Promise<OpenedRun> {
    const { byToken, byPlace, hiddenUnits, vocabulary } = this.table;
    const scales: Partial<Record<Measure, ColourScale>> = {};
    const { experiment } = this;
    const folder = backboneFolder(experiment.backbone);
    const { isCausal } = openBackbone(folder).layout;
    const { reading, fields, headerless, turns } = promptReading(experiment, folder, isCausal);
    const inTemplate = isCausal && promptForm(experiment) === "chat";
    // A chat template writes all of its tokens itself.
    const { specialMask } = await this.tokenizer.encode(inTemplate ? "" : "a", { addSpecial: !inTemplate });
    if (byToken !== undefined) {
      scales.norm = percentileScale(byToken.norm);
      if (byToken.units !== undefined) scales.units = { low: 0, high: hiddenUnits, signed: false };
      if (byToken.cosine.some(Number.isFinite)) scales.cosine = { low: -1, high: 1, signed: true };
    }
    if (byPlace !== undefined) scales.position = percentileScale(byPlace);
    return {
      measures: scales,
      ...(byPlace !== undefined && { places: Array.from(byPlace, short) }),
      ...(reading !== undefined && { reading: [...reading] }),
      ...(fields !== undefined && { fields: fields.map((names) => [...names]) }),
      ...(headerless !== undefined && { headerless: [...headerless] }),
      ...(turns !== undefined && { turns: { ...turns, lists: [...turns.lists] } }),
      maxSourceLength: experiment.training.maxSourceLength,
      added: specialMask.filter((special) => special === 1).length,
      lead: Math.max(0, specialMask.indexOf(0)),
      cut: isCausal ? "middle" : "end",
      vocabulary,
      stamp: this.stamp,
    };
  }

  async encode({ texts, measure }: Extract<TokenRequest, { type: "encode" }>): Promise<EncodedTexts> {
    const value = this.values(measure);
    return {
      stamp: this.stamp,
      rows: await Promise.all(
        texts.map(async (text) => {
          const { ids, offsets, specialMask } = await this.tokenizer.encode(text);
          const own = { ids: [] as number[], spans: [] as number[], values: [] as (number | null)[] };
          ids.forEach((id, place) => {
            const [from, to] = offsets[place]!;
            // A token that the tokenizer adds (</s>) has no place in the text.
            if (specialMask[place] === 1 && from === to) return;
            own.ids.push(id);
            own.spans.push(from, to);
            if (value !== undefined) own.values.push(value(id));
          });
          return own;
        }),
      ),
    };
  }

  private neighbours(id: number): ReturnType<TokenTable["neighbours"]> {
    const known = this.looked.get(id) ?? this.table.neighbours(id);
    this.looked.delete(id);
    this.looked.set(id, known);
    for (const oldest of [...this.looked.keys()].slice(0, -MOST_LOOKED)) this.looked.delete(oldest);
    return known;
  }

  /** The value of a token by a measure; undefined where the measure is by position. */
  private values(measure: Measure): ((id: number) => number | null) | undefined {
    const { byToken, byPlace } = this.table;
    const column = { norm: byToken?.norm, units: byToken?.units, cosine: byToken?.cosine, position: undefined }[
      measure
    ];
    if (measure === "position" && byPlace !== undefined) return undefined;
    if (column === undefined)
      throw new UserError(
        "token-measure-missing",
        phrase`The run has no ${measure} of a token to show`,
        phrase`Choose another measure.`,
      );
    return (id) => finite(column[id]) ?? null;
  }

  /**
   * Everything known of a token; its neighbours are computed once.
   * @param place its position in the input, where that is known
   */
  details(id: number, place: number | undefined): TokenDetails {
    const { byToken, byPlace, hiddenUnits, vocabulary } = this.table;
    if (id >= vocabulary) throw new UserError("token-unknown", phrase`The backbone has no token ${id}`);
    const { before, after } = this.neighbours(id);
    const named = (list: typeof before): TokenDetails["before"] =>
      list.map(({ id: each, cosine }) => ({ text: this.tokenizer.piece(each), cosine: short(cosine) }));
    const own = {
      norm: finite(byToken?.norm[id]),
      ratio: finite(byToken?.ratio[id]),
      cosine: finite(byToken?.cosine[id]),
      position: place === undefined ? undefined : finite(byPlace?.[place]),
    };
    return {
      id,
      text: this.tokenizer.piece(id),
      vocabulary,
      before: named(before),
      after: byToken === undefined ? [] : named(after),
      stamp: this.stamp,
      // A value that does not exist is left out: an offset of length 0 has no direction.
      ...Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)),
      ...(byToken && {
        rank: byToken.rank[id]!,
        ...(byToken.units && { units: byToken.units[id]!, hidden: hiddenUnits }),
      }),
    };
  }
}
