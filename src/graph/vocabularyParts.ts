import { ELEMENTWISE } from "./elementwise.ts";
import {
  add,
  concat,
  exp,
  labelled,
  labelValue,
  lessOneHot,
  logSumExp,
  matmul,
  mul,
  reduceSum,
  reshape,
  slice,
  sub,
} from "./ops.ts";
import { topological, weightRows, type OpValue, type Value, type WeightValue } from "./value.ts";

/** Rows of a large head that are computed with at a time; undefined: the matrix is read whole. */
export type PartRows = (weight: WeightValue) => number | undefined;

/** Columns of the last axis, `from` (inclusive) to `to` (exclusive). */
interface Columns {
  from: number;
  to: number;
}

const columnsOf = (width: number, rows: number): Columns[] =>
  Array.from({ length: Math.ceil(width / rows) }, (_, i) => ({ from: i * rows, to: Math.min(width, (i + 1) * rows) }));

/** A value whose last axis is the vocabulary, in parts of it. */
interface Parted {
  columns: readonly Columns[];
  parts: readonly Value[];
  /** Whether the parts depend on the loss's gradient. */
  isBackward: boolean;
}

/** The loss of labels with what its gradient reads: ln of the sum of all exponentials (N, 1). */
interface Normalised {
  loss: Value;
  normaliser: Value;
}

class Rewriting {
  private readonly whole = new Map<Value, Value>();
  private readonly parted = new Map<Value, Parted>();
  private readonly again = new Map<Value, Value>();
  private readonly inParts = new Set<Value>();
  private readonly normalised = new Map<string, Normalised>();
  private readonly numbers = new Map<Value, number>();

  constructor(private readonly rows: PartRows) {}

  add(value: OpValue): void {
    const parted = this.inPartsOf(value);
    if (parted !== undefined) {
      this.parted.set(value, parted);
      parted.parts.forEach((part) => this.inParts.add(part));
      return;
    }
    const made = this.reduced(value) ?? this.unchanged(value);
    if (made !== value) this.whole.set(value, made);
  }

  /** The value that stands for one of the graph. */
  read(value: Value): Value {
    const known = this.whole.get(value);
    if (known !== undefined) return known;
    const parted = this.parted.get(value);
    if (parted === undefined) return value;
    const joined = concat([...parted.parts], value.shape.length - 1);
    this.whole.set(value, joined);
    return joined;
  }

  private unchanged(value: OpValue): Value {
    if (!value.inputs.some((each) => this.whole.has(each) || this.parted.has(each))) return value;
    return { ...value, inputs: value.inputs.map((each) => this.read(each)) };
  }

  private wide(value: Value | undefined): number | undefined {
    return value?.kind === "weight" ? this.rows(value) : undefined;
  }

  /** The value in parts, where it is the product with a large head, or follows from one by element. */
  private inPartsOf(value: OpValue): Parted | undefined {
    const [x, right] = value.inputs;
    const rows =
      value.op === "matmul" && value.attributes.transB && !value.attributes.transA ? this.wide(right) : undefined;
    if (rows !== undefined && this.parted.get(x!) === undefined) {
      const columns = columnsOf(Number(right!.shape[0]), rows);
      const read = this.read(x!);
      const parts = columns.map(({ from, to }) =>
        matmul(read, weightRows(right as WeightValue, from, to), { transB: true }),
      );
      return { columns, parts, isBackward: false };
    }
    const from = value.inputs.map((each) => this.parted.get(each)).find((each) => each !== undefined);
    if (from === undefined) return undefined;
    if (value.op === "crossEntropyGradient") return this.gradient(value, from);
    if (value.op === "reshape") return this.reshaped(value, from);
    return ELEMENTWISE.has(value.op) ? this.byElement(value, from) : undefined;
  }

  private reshaped(value: Extract<OpValue, { op: "reshape" }>, from: Parted): Parted | undefined {
    const width = from.columns.at(-1)!.to;
    const { shape } = value.attributes;
    if (shape.at(-1) !== width || value.inputs[0]!.shape.at(-1) !== width) return undefined;
    const parts = from.parts.map((part, i) => {
      const { from: start, to } = from.columns[i]!;
      return reshape(part, [...shape.slice(0, -1), to - start]);
    });
    return { ...from, parts };
  }

  private byElement(value: OpValue, from: Parted): Parted | undefined {
    const width = from.columns.at(-1)!.to;
    if (value.shape.at(-1) !== width) return undefined;
    const isBackward = value.inputs.some((each) => this.parted.get(each)?.isBackward === true);
    const parts = from.columns.map((columns, i): Value => {
      const inputs = value.inputs.map((each) => this.partOf(each, { columns, i, isBackward, width }));
      return { ...value, shape: [...value.shape.slice(0, -1), columns.to - columns.from], inputs };
    });
    return { columns: from.columns, parts, isBackward };
  }

  /** What part i of an operation by element reads of one of its inputs. */
  private partOf(
    value: Value,
    { columns, i, isBackward, width }: { columns: Columns; i: number; isBackward: boolean; width: number },
  ): Value {
    const parted = this.parted.get(value);
    if (parted !== undefined) {
      const part = parted.parts[i]!;
      return isBackward && !parted.isBackward ? this.computedAgain(part) : part;
    }
    const read = this.read(value);
    return read.shape.at(-1) === width ? slice(read, read.shape.length - 1, columns.from, columns.to) : read;
  }

  /** A part of the forward pass, computed a second time. */
  private computedAgain(part: Value): Value {
    const known = this.again.get(part);
    if (known !== undefined || part.kind !== "op" || !this.inParts.has(part)) return known ?? part;
    const inputs = part.inputs.map((each) => this.computedAgain(each));
    const made = { ...part, inputs, isRecomputed: true } as OpValue;
    this.again.set(part, made);
    return made;
  }

  /** (softmax - one-hot) g, in parts. */
  private gradient({ inputs }: OpValue, logits: Parted): Parted {
    const labels = this.read(inputs[1]!);
    const g = this.read(inputs[2]!);
    const { normaliser } = this.loss(logits, labels);
    const factor = labelled(g, labels);
    const column = reshape(factor, [factor.shape[0]!, 1]);
    const parts = logits.parts.map((part, i) => {
      const shares = late(exp(late(sub(this.computedAgain(part), normaliser))));
      return late(mul(late(lessOneHot(shares, labels, logits.columns[i]!.from)), column));
    });
    return { columns: logits.columns, parts, isBackward: true };
  }

  /** What needs all of the vocabulary, summed up from its parts: losses, and products with the head. */
  private reduced(value: OpValue): Value | undefined {
    const [x, right] = value.inputs;
    const from = this.parted.get(x!);
    if (from === undefined) return undefined;
    if (value.op === "crossEntropy") return this.loss(from, this.read(right!)).loss;
    const isProduct = value.op === "matmul" && !value.attributes.transA && !value.attributes.transB;
    if (!isProduct || this.wide(right) === undefined) return undefined;
    // Each product right before its sum: then one of them, and one part of the head, is in memory at a time.
    return from.columns
      .map(({ from: start, to }, i) => late(matmul(from.parts[i]!, weightRows(right as WeightValue, start, to))))
      .reduce((sum, each) => add(sum, each));
  }

  /** The losses (N) of labels (N): ln of the sum of exponentials, less the label's logit. */
  private loss(logits: Parted, labels: Value): Normalised {
    const key = `${this.number(logits.parts[0]!)} ${this.number(labels)}`;
    const known = this.normalised.get(key);
    if (known !== undefined) return known;
    const [rows] = labels.shape;
    // Both of a part beside each other, so that the part's logits are needed no longer.
    const both = logits.parts.map((part, i) =>
      concat([logSumExp(part), labelValue(part, labels, logits.columns[i]!.from)], 1),
    );
    const all = reshape(concat(both, 1), [rows!, both.length, 2]);
    const column = (at: number): Value => reshape(slice(all, 2, at, at + 1), [rows!, both.length]);
    const normaliser = logSumExp(column(0));
    const loss = labelled(sub(reshape(normaliser, [rows!]), reduceSum(column(1), [1])), labels);
    const made = { loss, normaliser };
    this.normalised.set(key, made);
    return made;
  }

  private number(value: Value): number {
    const found = this.numbers.get(value) ?? this.numbers.size;
    this.numbers.set(value, found);
    return found;
  }
}

/** The value, to be computed right before its use. */
const late = (value: Value): Value => ({ ...(value as OpValue), isRecomputed: true });

/**
 * Returns outputs that are equal up to rounding, in which no large head is read whole. Logits are computed in parts of
 * the vocabulary, the losses from each part's normaliser and the label's logit, and the gradient of the states is a sum
 * over parts, whose logits are computed a second time. So one part of the head's values is in memory at a time. Logits
 * that are an output are joined.
 */
export function inVocabularyParts(outputs: Readonly<Record<string, Value>>, rows: PartRows): Record<string, Value> {
  const order = topological(Object.values(outputs));
  if (!order.some((value) => value.kind === "weight" && rows(value) !== undefined)) return { ...outputs };
  const rewriting = new Rewriting(rows);
  for (const value of order) if (value.kind === "op") rewriting.add(value);
  return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, rewriting.read(value)]));
}
