/** Labels that a value is searched for; with more of them a text has one of them by chance. */
const MOST_LABELS = 50;
/** The longest value that is searched, in characters. */
export const LONGEST_SEARCHED = 2000;
/** The share of values that may have another label beside their own, and the fewest values that tell anything. */
const MOST_OTHERS = 0.01;
const FEWEST = 20;

const words = (text: string): string =>
  ` ${text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim()} `;

/** Whether every value of a column has its row's label in it, as a word. */
export class LabelInside {
  private readonly labels: Set<string>;
  private rows: number;
  /** The values with a second label in them, of those that came before. */
  private others: number;
  private alive: boolean;

  constructor(state: InsideState = { labels: [], rows: 0, others: 0, alive: true }) {
    this.labels = new Set(state.labels);
    this.rows = state.rows;
    this.others = state.others;
    this.alive = state.alive;
  }

  add(value: string, target: string): void {
    if (!this.alive) return;
    const own = words(target);
    const text = value.length > LONGEST_SEARCHED ? "" : words(value);
    this.labels.add(own);
    this.rows++;
    this.alive = own.trim() !== "" && text.includes(own) && this.labels.size <= MOST_LABELS;
    if (this.alive && this.hasOther(text, own)) this.others++;
  }

  /** Whether the text has a label that is neither its own nor within that. */
  private hasOther(text: string, own: string): boolean {
    const rest = text.replaceAll(own, " ");
    for (const label of this.labels) if (label !== own && rest.includes(label)) return true;
    return false;
  }

  join(more: LabelInside): void {
    for (const label of more.labels) this.labels.add(label);
    this.rows += more.rows;
    this.others += more.others;
    this.alive = this.alive && more.alive && this.labels.size <= MOST_LABELS;
  }

  /** Whether the column contains the label of each of its rows, and the labels are different ones. */
  get gives(): boolean {
    const isSure = this.rows >= FEWEST && this.others <= MOST_OTHERS * this.rows;
    return this.alive && isSure && this.labels.size > 1;
  }

  state(): InsideState {
    return { labels: [...this.labels], rows: this.rows, others: this.others, alive: this.alive };
  }
}

/** The state of `LabelInside`, for another thread. */
export interface InsideState {
  labels: readonly string[];
  rows: number;
  others: number;
  alive: boolean;
}
