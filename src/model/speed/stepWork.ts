import { sizeAt, type Dim } from "../../graph/dims.ts";
import { expanded } from "../../graph/fused.ts";
import { simplify } from "../../graph/passes.ts";
import { topological, type OpName, type OpValue, type Value, type WeightValue } from "../../graph/value.ts";

/**
 * What a graph computes at given sizes. `frozen`: multiply-adds of products with frozen matrices; `read`: values of
 * these matrices, once for each product; `free`: multiply-adds of the other products; `moved`: bytes that all other
 * operations read and write; `operations`: how many operations there are.
 */
export interface StepWork {
  frozen: number;
  read: number;
  free: number;
  moved: number;
  operations: number;
}
export const WORK_KINDS = ["frozen", "read", "free", "moved", "operations"] as const;

/** A product without a frozen matrix: the sizes of its sides. */
export interface FreeProduct {
  left: number[];
  right: number[];
  transA: boolean;
  transB: boolean;
}
/** The products of each kind that take the most multiply-adds, and the most usual value of other operations. */
export interface TypicalWork {
  /** A frozen matrix and the rows that it is multiplied by; undefined: no product has one. */
  frozen: { matrix: WeightValue; rows: number } | undefined;
  free: FreeProduct | undefined;
}

type Product = Extract<OpValue, { op: "matmul" }>;
const BYTES = 4;
/** Operations that compute nothing. */
const FREE: ReadonlySet<OpName> = new Set<OpName>(["reshape", "after", "detach"]);
/** Operations that read no more of their first input than they write. */
const PICKING: ReadonlySet<OpName> = new Set<OpName>(["gather", "slice"]);

/** Sizes of a graph's values at the sizes of its symbols. */
class Sizes {
  private readonly known = new Map<string, number>();

  constructor(private readonly symbols: Readonly<Record<string, number>>) {}

  of(dim: Dim): number {
    if (typeof dim === "number") return dim;
    let size = this.known.get(dim);
    if (size === undefined) this.known.set(dim, (size = sizeAt(dim, this.symbols)));
    return size;
  }

  dims(value: Value): number[] {
    return value.shape.map((dim) => this.of(dim));
  }

  values(value: Value): number {
    return value.shape.reduce<number>((product, dim) => product * this.of(dim), 1);
  }
}

/** The frozen matrix of a product; undefined where it has none. */
function frozenSide({ inputs: [left, right] }: Product): WeightValue | undefined {
  const isFrozen = (value: Value | undefined): value is WeightValue => value?.kind === "weight";
  return isFrozen(right) ? right : [left].find(isFrozen);
}

function multiplyAdds(product: Product, sizes: Sizes): number {
  const [left] = product.inputs;
  return sizes.values(product) * sizes.of(left!.shape.at(product.attributes.transA ? -2 : -1)!);
}

function movedBytes(value: OpValue, sizes: Sizes): number {
  const own = sizes.values(value);
  if (PICKING.has(value.op)) return 2 * BYTES * own;
  return BYTES * value.inputs.reduce((sum, each) => sum + (each.kind === "weight" ? 0 : sizes.values(each)), own);
}

/** The operations of a graph as an engine gets them. */
export const operationsOf = (outputs: Readonly<Record<string, Value>>): OpValue[] =>
  topological(Object.values(simplify(expanded(outputs)))).flatMap((value) =>
    value.kind === "op" && !FREE.has(value.op) ? [value] : [],
  );

/** Counts what operations compute, given the size of each symbol. Pure. */
export function stepWork(operations: readonly OpValue[], symbols: Readonly<Record<string, number>>): StepWork {
  const sizes = new Sizes(symbols);
  const work: StepWork = { frozen: 0, read: 0, free: 0, moved: 0, operations: operations.length };
  for (const value of operations) {
    if (value.op !== "matmul") {
      work.moved += movedBytes(value, sizes);
      continue;
    }
    const matrix = frozenSide(value);
    work[matrix === undefined ? "free" : "frozen"] += multiplyAdds(value, sizes);
    if (matrix !== undefined) work.read += sizes.values(matrix);
  }
  return work;
}

/** The products that take the most, all of one shape taken together. */
export function typicalWork(operations: readonly OpValue[], symbols: Readonly<Record<string, number>>): TypicalWork {
  const sizes = new Sizes(symbols);
  const shapes = new Map<string, { product: Product; work: number }>();
  for (const value of operations) {
    if (value.op !== "matmul") continue;
    const matrix = frozenSide(value);
    const key =
      matrix === undefined ? value.inputs.map((each) => sizes.dims(each).join()).join(" ") : matrix.shape.join();
    const kind = matrix === undefined ? "free" : "frozen";
    const { work = 0, product = value } = shapes.get(`${kind} ${key}`) ?? {};
    shapes.set(`${kind} ${key}`, { product, work: work + multiplyAdds(value, sizes) });
  }
  const largest = (kind: string): Product | undefined =>
    [...shapes].filter(([key]) => key.startsWith(kind)).sort(([, a], [, b]) => b.work - a.work)[0]?.[1].product;
  const [frozen, free] = [largest("frozen"), largest("free")];
  return { frozen: frozen && frozenOf(frozen, sizes), free: free && freeOf(free, sizes) };
}

function frozenOf(product: Product, sizes: Sizes): TypicalWork["frozen"] {
  const matrix = frozenSide(product)!;
  const other = product.inputs.find((each) => each !== matrix)!;
  const width = sizes.of(other.shape.at(-1)!);
  return { matrix, rows: Math.max(1, Math.round(sizes.values(other) / width)) };
}

const freeOf = ({ inputs: [left, right], attributes }: Product, sizes: Sizes): FreeProduct => ({
  left: sizes.dims(left!),
  right: sizes.dims(right!),
  ...attributes,
});
