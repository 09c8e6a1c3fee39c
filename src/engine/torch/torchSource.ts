import { dimTerms, factors, type Dim } from "../../graph/dims.ts";

/** The type of a variable in the Python source. bf16 occurs only where products are computed in it. */
export type TorchType = "float32" | "bfloat16" | "int32" | "bool";

/** A variable of the source. Several variables may share a storage, as a transposed view and its base do. */
export interface Variable {
  readonly name: string;
  readonly type: TorchType;
  /** The storage, by the variable that made it. */
  readonly storage: number;
  /** Whether every element has a place of its own; a broadcast view's have not. */
  readonly isDense: boolean;
}

/** How a line's result relates to what it reads. */
export interface LineForm {
  type: TorchType;
  /** The argument whose storage the result views; absent: a new storage. */
  views?: number;
  isDense?: boolean;
  /** Whether the result reads the arguments' storages as long as it lives. */
  retains?: boolean;
  /** Arguments of the result's shape and type that it may overwrite, with the text that does. */
  over?: readonly { arg: number; text: (...names: string[]) => string }[];
}

interface Line {
  out: Variable;
  args: readonly Variable[];
  text: (...names: string[]) => string;
  over: NonNullable<LineForm["over"]>;
  retains: boolean;
}

/** A dimension's size as a Python expression over the variables that hold the symbols' sizes. */
export function sizeText(dim: Dim): string {
  if (typeof dim === "number") return String(dim);
  if (dim.includes("*")) return factors(dim).map(sizeText).join(" * ");
  const { symbols, size } = dimTerms(dim);
  const sum = [...symbols.map((symbol) => `n_${symbol}`), ...(size === 0 ? [] : [String(size)])].join(" + ");
  return sum.includes("+") ? `(${sum})` : sum;
}

/** A shape as a Python tuple. */
export const shapeText = (dims: readonly Dim[]): string => `(${dims.map((dim) => `${sizeText(dim)}, `).join("")})`;

/**
 * Builds a function in Python, line by line. A variable is deleted after its last use, and an elementwise operation
 * overwrites an operand that nothing reads later: allocating memory takes as long as filling it.
 */
export class TorchSource {
  private readonly lines: Line[] = [];
  private readonly made = new Map<string, Variable>();
  /** Storages that the function does not own: feeds, weights and constants. */
  private readonly lent = new Set<number>();
  private count = 0;

  /** A variable that holds something from outside the function. */
  outside(name: string, type: TorchType): Variable {
    const storage = this.count++;
    this.lent.add(storage);
    return { name, type, storage, isDense: true };
  }

  /** Adds a line; `text` makes its expression from the names of `args`. */
  line(
    args: readonly Variable[],
    text: Line["text"],
    { type, views, isDense, over = [], retains = false }: LineForm,
  ): Variable {
    const number = this.count++;
    const base = views === undefined ? undefined : args[views];
    const out = {
      name: `v${number}`,
      type,
      storage: base?.storage ?? number,
      isDense: isDense ?? base?.isDense ?? true,
    };
    this.lines.push({ out, args, text, over, retains });
    return out;
  }

  /** The variable of that key, which `make` adds at the first call. */
  once(key: string, make: () => Variable): Variable {
    const known = this.made.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.made.set(key, made);
    return made;
  }

  /** The variable of that key, where one was made. */
  known(key: string): Variable | undefined {
    return this.made.get(key);
  }

  /** The variable in another type; the same variable where it has that type. */
  as(variable: Variable, type: TorchType): Variable {
    if (variable.type === type) return variable;
    return this.once(`${variable.name} as ${type}`, () =>
      this.line([variable], (name) => `${name}.to(torch.${type})`, { type }),
    );
  }

  /**
   * The function's text.
   * @param results the variable of each output
   */
  text(results: Readonly<Record<string, Variable>>, opening: readonly string[]): string {
    const kept = new Set(Object.values(results));
    const last = new Map<Variable, number>();
    const lastOfStorage = new Map<number, number>();
    const read = (variable: Variable, at: number): void => {
      last.set(variable, at);
      lastOfStorage.set(variable.storage, at);
    };
    this.lines.forEach(({ args, out }, at) => {
      read(out, at);
      for (const arg of args) read(arg, at);
    });
    for (const variable of kept) read(variable, Infinity);
    for (const { args, out, retains } of [...this.lines].reverse())
      if (retains)
        for (const { storage } of args)
          lastOfStorage.set(storage, Math.max(lastOfStorage.get(storage)!, lastOfStorage.get(out.storage)!));
    const names = new Map<Variable, string>();
    const nameOf = (variable: Variable): string => names.get(variable) ?? variable.name;
    const text = this.lines.map(({ args, out, text: plain, over }, at) => {
      const isFree = ({ storage, isDense }: Variable, arg: number): boolean =>
        isDense &&
        !this.lent.has(storage) &&
        lastOfStorage.get(storage) === at &&
        args.every((each, i) => i === arg || each.storage !== storage);
      const chosen = over.find(({ arg }) => args[arg]!.type === out.type && isFree(args[arg]!, arg));
      if (chosen !== undefined) {
        // The overwritten storage lives on as the result's, whose own readers decide when it ends.
        const { storage } = args[chosen.arg]!;
        lastOfStorage.set(storage, Math.max(at, lastOfStorage.get(out.storage) ?? at));
      }
      const expression = (chosen?.text ?? plain)(...args.map(nameOf));
      const gone = [...new Set([...args, out])].filter(
        (variable) => last.get(variable) === at && !kept.has(variable) && variable.name.startsWith("v"),
      );
      const ended = gone.length === 0 ? "" : `; del ${gone.map(nameOf).join(", ")}`;
      return `${nameOf(out)} = ${expression}${ended}`;
    });
    const returned = Object.entries(results).map(([name, v]) => `${JSON.stringify(name)}: ${nameOf(v)}`);
    const all = [...opening, ...text, `return {${returned.join(", ")}}`];
    return `def run(f, w, c):\n${all.map((each) => `    ${each}`).join("\n")}\n`;
  }
}
