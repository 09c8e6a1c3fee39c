import { SPLITS, type SplitName } from "../splitNames.ts";

/** Different targets that are counted each by itself. */
const MOST = 1000;
/** The longest target that is kept; one that is longer is no label. */
const LONGEST = 2000;
/** A target that comes twice as a rule is a label; one that comes once is free text. */
const LEAST_REPEATS = 2;

/** One target: how many examples of each split have it, and the first of each. */
export interface CountedLabel {
  text: string;
  counts: Record<SplitName, number>;
  first: Record<SplitName, number>;
}

const nowhere = (): Record<SplitName, number> => ({ train: 0, validation: 0, test: 0 });

/** Counts targets by split, the first thousand different ones each by itself. */
export class LabelCounts {
  private readonly labels: Map<string, CountedLabel>;
  private readonly totals: Record<SplitName, number>;
  /** The number of examples whose target is not counted by itself. */
  private readonly others: Record<SplitName, number>;

  constructor(state: LabelState = { labels: [], totals: nowhere(), others: nowhere() }) {
    this.labels = new Map(state.labels.map((label) => [label.text, structuredClone(label)]));
    this.totals = { ...state.totals };
    this.others = { ...state.others };
  }

  add(split: SplitName, target: string): void {
    const example = this.totals[split]++;
    const label = this.of(target);
    if (label === undefined) this.others[split]++;
    else if (label.counts[split]++ === 0) label.first[split] = example;
  }

  join(more: LabelCounts): void {
    for (const { text, counts, first } of more.labels.values()) {
      const label = this.of(text);
      for (const split of SPLITS) {
        if (label === undefined) this.others[split] += counts[split];
        else if (label.counts[split] === 0) label.first[split] = this.totals[split] + first[split];
        if (label !== undefined) label.counts[split] += counts[split];
      }
    }
    for (const split of SPLITS) {
      this.totals[split] += more.totals[split];
      this.others[split] += more.others[split];
    }
  }

  private of(text: string): CountedLabel | undefined {
    const known = this.labels.get(text);
    if (known !== undefined || this.labels.size === MOST || text.length > LONGEST) return known;
    const label = { text, counts: nowhere(), first: nowhere() };
    this.labels.set(text, label);
    return label;
  }

  total(split: SplitName): number {
    return this.totals[split];
  }

  /** The targets that were counted, those that came first at the beginning. */
  all(): CountedLabel[] {
    return [...this.labels.values()];
  }

  /** Whether the training targets are labels: all of them counted, and each there twice as a rule. */
  get areLabels(): boolean {
    const trained = this.all().filter(({ counts }) => counts.train > 0).length;
    return trained > 0 && this.others.train === 0 && this.totals.train >= LEAST_REPEATS * trained;
  }

  state(): LabelState {
    return { labels: this.all(), totals: this.totals, others: this.others };
  }
}

/** The state of `LabelCounts`, for another thread. */
export interface LabelState {
  labels: readonly CountedLabel[];
  totals: Readonly<Record<SplitName, number>>;
  others: Readonly<Record<SplitName, number>>;
}
