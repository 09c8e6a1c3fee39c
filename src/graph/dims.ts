/** A dimension: a size, or a symbolic sum such as "B" or "P+S" whose size is known when the graph runs. */
export type Dim = number | string;
/** The dimensions of a value, outermost first; () is a scalar. */
export type Shape = readonly Dim[];

function terms(dim: Dim): { symbols: string[]; size: number } {
  if (typeof dim === "number") return { symbols: [], size: dim };
  const parts = dim.split("+");
  const symbols = parts.filter((part) => !/^\d+$/.test(part));
  const size = parts.filter((part) => /^\d+$/.test(part)).reduce((sum, part) => sum + Number(part), 0);
  return { symbols, size };
}

/** Adds dimensions; the result is canonical, with symbols sorted and sizes added up. */
export function addDims(...dims: Dim[]): Dim {
  const all = dims.map(terms);
  const symbols = all.flatMap((t) => t.symbols).sort();
  const size = all.reduce((sum, t) => sum + t.size, 0);
  if (symbols.length === 0) return size;
  return size === 0 ? symbols.join("+") : [...symbols, String(size)].join("+");
}

/** The symbols and the fixed size whose sum a dimension is. */
export const dimTerms = terms;

/**
 * The product of a shape's sizes where all are known. Otherwise its name, such as "32*B*T": equal products have equal
 * names.
 */
export function productDim(shape: Shape): Dim {
  const known = shape.filter((d): d is number => typeof d === "number").reduce((a, b) => a * b, 1);
  const symbolic = shape.filter((d): d is string => typeof d === "string").sort();
  if (symbolic.length === 0) return known;
  return [known === 1 ? "" : String(known), ...symbolic].filter((s) => s !== "").join("*");
}

/** The factors of a name that `productDim` made. */
export const factors = (dim: string): Dim[] =>
  dim.split("*").map((factor) => (/^\d+$/.test(factor) ? Number(factor) : factor));

/**
 * The size of a dimension, given the size of each of its symbols.
 * @throws Error where a symbol has no size
 */
export function sizeAt(dim: Dim, symbols: Readonly<Record<string, number>>): number {
  if (typeof dim === "number") return dim;
  return factors(dim)
    .map((factor) => {
      const { symbols: names, size } = terms(factor);
      return names.reduce((sum, name) => {
        const known = symbols[name];
        if (known === undefined) throw new Error(`the dimension ${name} has no size`);
        return sum + known;
      }, size);
    })
    .reduce((a, b) => a * b, 1);
}

/**
 * The shape of an elementwise operation by NumPy's broadcasting rule.
 * @throws Error where two dimensions differ and neither is 1
 */
export function broadcastShapes(a: Shape, b: Shape): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - (rank - a.length)] ?? 1;
    const y = b[i - (rank - b.length)] ?? 1;
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    throw new Error(`shapes (${a.join(",")}) and (${b.join(",")}) do not broadcast`);
  });
}

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((d, i) => d === b[i]);
