import { TokenTable } from "../analysis/tokenTable.ts";
import { loadTokenizer, type TextTokenizer } from "../backbone/tokenizer.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { UserError } from "../experiment/errors.ts";
import { robustScale, type Scale } from "../heatmap/bins.ts";
import type { Measure } from "../heatmap/measures.ts";
import type { EncodedTexts, OpenedRun, TokenDetails, TokenRequest } from "../heatmap/protocol.ts";
import { RunDirectory } from "../run/runDirectory.ts";
import { located } from "../run/sources.ts";
import { readingOf } from "../task/reading.ts";
import { backboneFolder } from "../training/backboneFolder.ts";

const short = (x: number): number => Number(x.toPrecision(6));
/** Tokens whose neighbours are kept: to find them the whole embedding is read. */
const MOST_LOOKED = 500;

/** A run's tokenizer and its table of offsets. */
export class OpenTokens {
  private readonly looked = new Map<number, ReturnType<TokenTable["neighbours"]>>();

  private constructor(private readonly experiment: Experiment, private readonly tokenizer: TextTokenizer, private readonly table: TokenTable) {}

  /** @throws UserError where the run has no adapter yet, or its method no offsets */
  static open(path: string): OpenTokens {
    const run = RunDirectory.open(path), experiment = located(run), folder = backboneFolder(experiment.backbone);
    let table: TokenTable;
    try { table = TokenTable.open(run.adapterPath, folder); } catch (error) {
      if (!(error instanceof UserError) || run.record().status === "finished") throw error;
      throw new UserError(`Run "${run.record().name}" has no offsets yet: it is ${run.record().status}`, "Let it finish, or stop it: a stopped run keeps its best so far.");
    }
    return new OpenTokens(experiment, loadTokenizer(folder), table);
  }

  opened(): OpenedRun {
    const { byToken, byPlace, hiddenUnits, vocabulary } = this.table, scales: Partial<Record<Measure, Scale>> = {}, reading = readingOf(this.experiment.task);
    if (byToken !== undefined) {
      scales.norm = robustScale(byToken.norm);
      if (byToken.units !== undefined) scales.units = { low: 0, high: hiddenUnits, signed: false };
      scales.cosine = { low: -1, high: 1, signed: true };
    }
    if (byPlace !== undefined) scales.position = robustScale(byPlace);
    return { measures: scales, ...(reading !== undefined && { reading }), maxSourceLength: this.experiment.training.maxSourceLength, vocabulary };
  }

  async encode({ texts, measure, cut }: Extract<TokenRequest, { type: "encode" }>): Promise<EncodedTexts> {
    const most = cut ? this.experiment.training.maxSourceLength : Infinity, value = this.values(measure);
    return { rows: await Promise.all(texts.map(async (text) => {
      const { ids, offsets, specialMask } = await this.tokenizer.encode(text), own = { ids: [] as number[], spans: [] as number[], values: [] as (number | null)[] };
      // What is added at the end (</s>) counts among the tokens that the model reads.
      const added = specialMask.filter((each, i) => each === 1 && offsets[i]![0] === offsets[i]![1]).length;
      ids.forEach((id, place) => {
        const [from, to] = offsets[place]!;
        if (specialMask[place] === 1 && from === to) return;
        own.ids.push(id);
        own.spans.push(from, to);
        own.values.push(place < most - added ? value(id, place) : null);
      });
      return own;
    })) };
  }

  private neighbours(id: number): ReturnType<TokenTable["neighbours"]> {
    const known = this.looked.get(id) ?? this.table.neighbours(id);
    this.looked.delete(id);
    this.looked.set(id, known);
    for (const oldest of [...this.looked.keys()].slice(0, -MOST_LOOKED)) this.looked.delete(oldest);
    return known;
  }

  private values(measure: Measure): (id: number, place: number) => number | null {
    const { byToken, byPlace } = this.table, column = { norm: byToken?.norm, units: byToken?.units, cosine: byToken?.cosine, position: undefined }[measure];
    if (measure === "position" && byPlace !== undefined) return (_, place) => (place < byPlace.length ? short(byPlace[place]!) : null);
    if (column === undefined) throw new UserError(`The run has no ${measure} of a token to show`, "Choose another measure.");
    return (id) => (id < column.length ? short(column[id]!) : null);
  }

  /** What is told of a token under the cursor; its neighbours are looked for once. */
  async details(id: number, place: number): Promise<TokenDetails> {
    const { byToken, byPlace, hiddenUnits, vocabulary } = this.table;
    if (id >= vocabulary) throw new UserError(`The backbone has no token ${id}`);
    const { before, after } = this.neighbours(id), named = (list: typeof before): Promise<{ text: string; cosine: number }[]> => Promise.all(list.map(async ({ id: each, cosine }) => ({ text: await this.tokenizer.decode([each], false), cosine: short(cosine) })));
    return {
      id, text: await this.tokenizer.decode([id], false), vocabulary, before: await named(before), after: byToken === undefined ? [] : await named(after),
      ...(byToken && { norm: short(byToken.norm[id]!), ratio: short(byToken.ratio[id]!), rank: byToken.rank[id]!, cosine: short(byToken.cosine[id]!), ...(byToken.units && { units: byToken.units[id]!, hidden: hiddenUnits }) }),
      ...(byPlace !== undefined && place < byPlace.length && { position: short(byPlace[place]!) }),
    };
  }
}
