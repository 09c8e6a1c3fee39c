import type { Shape } from "../../graph/dims.ts";
import { expanded } from "../../graph/fused.ts";
import { simplify } from "../../graph/passes.ts";
import {
  type ConstantValue,
  type FusedName,
  type InputValue,
  type OpName,
  type OpValue,
  type Value,
} from "../../graph/value.ts";
import type { WeightLocation } from "../program.ts";
import { scheduled } from "./schedule.ts";
import { lowerFused, lowerFusedGradient, TORCH_LOWERINGS, type TorchLowering } from "./torchLowering.ts";
import { TorchSource, type TorchType, type Variable } from "./torchSource.ts";

/** The fused operations that PyTorch has kernels for. */
export const TORCH_FUSED: ReadonlySet<FusedName> = new Set<FusedName>([
  "attention",
  "geluTanh",
  "geluExact",
  "silu",
  "layerNorm",
]);

/**
 * A frozen tensor as the program reads it: in fp32 or bf16; as it is stored, to be widened at each use; or a matrix M
 * in bf16 that products x M^T read by "rows" and products x M by "columns": a processor lays it out for its kernel.
 */
export interface TorchWeight {
  name: string;
  location: WeightLocation;
  as: "float32" | "bfloat16" | "stored" | "rows" | "columns";
}
/** A graph in PyTorch's terms. */
export interface TorchModule {
  /** The Python source of a function `run(f, w, c)` of feeds, weights and constants, by name; it returns a dict. */
  source: string;
  inputs: readonly InputValue[];
  weights: readonly TorchWeight[];
  constants: readonly { name: string; data: Float32Array | Int32Array; dims: readonly number[] }[];
}
/** What products are computed in; everything else is fp32. */
export type Compute = "fp32" | "bf16";

/** The value that a value is another form of: a reshape, transpose or slice of it, or a multiple. */
function origin(value: Value): Value {
  let at = value;
  while (at.kind === "op") {
    if (at.op === "mul" && at.inputs.some((input) => input.kind === "constant"))
      at = at.inputs.find((input) => input.kind !== "constant") ?? at.inputs[0]!;
    else if (at.op === "reshape" || at.op === "transpose" || at.op === "slice") at = at.inputs[0]!;
    else break;
  }
  return at;
}

/**
 * Frozen matrices with a side below this are multiplied by in fp32, whatever is asked for, and so is attention by heads
 * narrower than `NARROWEST_HEAD`: in a model of width 128 and heads of 32, bf16 made a step 1.2 times as fast, and the
 * loss after 200 steps 0.6 to 5 % higher; two fifths of that by the matrices' own rounding, a quarter by attention.
 */
const NARROWEST = 256;
const NARROWEST_HEAD = 64;

const isWide = (dims: Shape): boolean => dims.every((size) => Number(size) >= NARROWEST);

/**
 * Whether a product is in bf16 where that is asked for: one of the backbone, by a frozen matrix of some width, or of
 * attention. A method's own stay in fp32.
 */
function isRounded({ inputs }: OpValue): boolean {
  const origins = inputs.map(origin);
  if (origins.some(({ kind, shape }) => kind === "input" && shape.length <= 2)) return false;
  const frozen = origins.filter(({ kind }) => kind === "weight");
  if (frozen.length > 0) return frozen.every(({ shape }) => isWide(shape));
  const isWideEnough = inputs.some(({ shape }) => shape.slice(-2).some((size) => Number(size) >= NARROWEST));
  return isWideEnough && inputs.every(({ shape }) => shape.length >= 3);
}

const productType = (value: OpValue, compute: Compute): TorchType => {
  if (compute === "fp32") return "float32";
  const isAttention = value.op === "attention" || (value.op === "fusedGradient" && value.attributes.of === "attention");
  if (isAttention) return Number(value.inputs[0]!.shape.at(-1)) >= NARROWEST_HEAD ? "bfloat16" : "float32";
  return value.op === "matmul" && isRounded(value) ? "bfloat16" : "float32";
};

/** Which inputs' gradients the program needs, of each call of a fused operation's gradient. */
function wantedGradients(order: readonly Value[]): (value: Extract<OpValue, { op: "fusedGradient" }>) => number[] {
  const numbers = new Map(order.map((value, i) => [value, i]));
  const keyOf = ({ inputs }: OpValue): string => inputs.map((input) => numbers.get(input)!).join();
  const wanted = new Map<string, Set<number>>();
  for (const value of order)
    if (value.kind === "op" && value.op === "fusedGradient")
      wanted.set(keyOf(value), (wanted.get(keyOf(value)) ?? new Set()).add(value.attributes.by));
  return (value) => [...(wanted.get(keyOf(value)) ?? [])].sort((a, b) => a - b);
}

/** Lowers one graph. */
class Lowering {
  private readonly source = new TorchSource();
  private readonly variables = new Map<Value, Variable>();
  private readonly weights = new Map<string, TorchWeight>();
  private readonly constants: { name: string; data: Float32Array | Int32Array; dims: readonly number[] }[] = [];

  constructor(
    private readonly locations: ReadonlyMap<string, WeightLocation>,
    private readonly compute: Compute,
  ) {}

  module(outputs: Record<string, Value>): TorchModule {
    const order = scheduled(outputs);
    const wanted = wantedGradients(order);
    for (const value of order)
      // In which form a constant or a weight is needed, its readers decide.
      if (value.kind === "input" || value.kind === "op") this.variables.set(value, this.variableOf(value, wanted));
    const inputs = order.filter((value): value is InputValue => value.kind === "input");
    const results = Object.fromEntries(
      Object.entries(outputs).map(([name, value]) => [name, this.result(value)] as const),
    );
    return {
      source: this.source.text(results, symbols(inputs)),
      inputs,
      weights: [...this.weights.values()],
      constants: this.constants,
    };
  }

  /** An output: fp32, and no view of a storage that the next run may change. */
  private result(value: Value): Variable {
    const variable = this.read(value, "float32");
    return value.type === "float32" ? this.source.as(variable, "float32") : variable;
  }

  private variableOf(value: InputValue | OpValue, wanted: ReturnType<typeof wantedGradients>): Variable {
    const { source } = this;
    if (value.kind === "input") return source.outside(`f[${JSON.stringify(value.name)}]`, value.type);
    const product = productType(value, this.compute);
    const context = { source, productType: product };
    const inputs = value.inputs.map((input) => this.read(input, product, value));
    if (value.op === "fusedGradient") return lowerFusedGradient(context, inputs, { value, wanted: wanted(value) });
    if (TORCH_FUSED.has(value.op as FusedName)) return lowerFused(context, inputs, value as never);
    const lower = TORCH_LOWERINGS[value.op as Exclude<OpName, FusedName | "fusedGradient">] as TorchLowering<never>;
    return lower(context, inputs, value as never);
  }

  /** A tensor of the program's own. */
  private constant(value: ConstantValue): Variable {
    const known = this.variables.get(value);
    if (known !== undefined) return known;
    const { source, constants } = this;
    const { data, shape, type } = value;
    const name = String(constants.length);
    constants.push({ name, data, dims: shape.map(Number) });
    const made = source.outside(`c[${JSON.stringify(name)}]`, type);
    this.variables.set(value, made);
    return made;
  }

  /** The variable of an operand; a frozen tensor in the form that the reader needs. */
  private read(value: Value, product: TorchType, reader?: OpValue): Variable {
    const { source } = this;
    // A number is written as it is, where Python's operators read it; its floats have all digits of an fp32.
    if (value.kind === "constant")
      return isWritten(value, reader) ? source.outside(numberText(value.data[0]!), value.type) : this.constant(value);
    if (value.kind !== "weight") return this.variables.get(value)!;
    const location = this.locations.get(value.name);
    if (location === undefined) throw new Error(`weight ${value.name} is not in the file`);
    const isTable = reader?.op === "gather" && reader.inputs[0] === value;
    if (isTable) return source.outside(this.weight(value.name, location, "stored"), "float32");
    const isProduct = reader?.op === "matmul" || reader?.op === "reshape" || reader?.op === "transpose";
    const isRead = isProduct && this.compute === "bf16" && location.dims.length > 1 && isWide(location.dims);
    const type = isRead ? "bfloat16" : "float32";
    if (location.narrow !== true) {
      if (isMatrixOf(value, reader) && product === "bfloat16") {
        const form = reader.attributes.transB ? "rows" : "columns";
        return source.outside(this.weight(value.name, location, form), product);
      }
      const as = reader?.op === "matmul" ? (product as "float32" | "bfloat16") : type;
      return source.outside(this.weight(value.name, location, as), as);
    }
    const stored = source.outside(this.weight(value.name, location, "stored"), "float32");
    const as = reader?.op === "matmul" ? product : type;
    // Where it has that type it is the frozen tensor itself, which nothing may overwrite.
    return source.line([stored], (name) => `${name}.to(torch.${as})`, { type: as, views: 0 });
  }

  private weight(name: string, location: WeightLocation, as: TorchWeight["as"]): string {
    const key = `${name} ${as}`;
    this.weights.set(key, { name: key, location, as });
    return `w[${JSON.stringify(key)}]`;
  }
}

/** Whether a value is the matrix that a product multiplies by. */
const isMatrixOf = (value: Value, reader: OpValue | undefined): reader is Extract<OpValue, { op: "matmul" }> =>
  reader?.op === "matmul" &&
  reader.inputs[1] === value &&
  reader.inputs[0] !== value &&
  !reader.attributes.transA &&
  value.shape.length === 2;

/** Whether a scalar is an operand of an operator whose other operand is a tensor. */
const isWritten = ({ shape }: ConstantValue, reader?: OpValue): boolean =>
  shape.length === 0 &&
  reader !== undefined &&
  ["add", "sub", "mul", "div"].includes(reader.op) &&
  reader.inputs.some((each) => each.kind !== "constant" || each.shape.length > 0);

const numberText = (value: number): string => {
  if (Object.is(value, -0)) return "-0.0";
  if (Number.isNaN(value)) return 'float("nan")';
  return Number.isFinite(value) ? String(value) : `float("${value < 0 ? "-" : ""}inf")`;
};

/** Lines that give each symbol the size that its input has. */
function symbols(inputs: readonly InputValue[]): string[] {
  const found = new Map<string, string>();
  for (const { name, shape } of inputs)
    shape.forEach((dim, axis) => {
      if (typeof dim === "string" && !/[+*]/.test(dim) && !found.has(dim))
        found.set(dim, `n_${dim} = f[${JSON.stringify(name)}].shape[${axis}]`);
    });
  return [...found.values()];
}

/** Lowers the graph that computes `outputs` to a function in Python. */
export function lowerToTorch(
  outputs: Readonly<Record<string, Value>>,
  weights: ReadonlyMap<string, WeightLocation>,
  compute: Compute,
): TorchModule {
  return new Lowering(weights, compute).module(simplify(expanded(outputs, TORCH_FUSED)));
}
