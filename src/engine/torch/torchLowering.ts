import type { Shape } from "../../graph/dims.ts";
import { sameShape } from "../../graph/dims.ts";
import type { FusedName, OpName, OpValue, PrimitiveName } from "../../graph/value.ts";
import { shapeText, sizeText, type TorchSource, type TorchType, type Variable } from "./torchSource.ts";

/** What a lowering reads besides its operands. */
export interface LoweringContext {
  source: TorchSource;
  /** The type that the operation's product is computed in. */
  productType: TorchType;
}
/** Adds the lines of an operation, given the variables of its inputs; returns the variable of its output. */
export type TorchLowering<V> = (context: LoweringContext, inputs: readonly Variable[], value: V) => Variable;
type Of<K extends OpName> = Extract<OpValue, { op: K }>;
type Any = TorchLowering<OpValue>;

const shapeOf = (value: OpValue, input: number): Shape => value.inputs[input]!.shape;
/** Whether an input is a number in the source, which has no type of its own. */
const isNumber = (value: OpValue, input: number): boolean => {
  const own = value.inputs[input]!;
  return own.kind === "constant" && own.shape.length === 0;
};
/** The type of an elementwise result: fp32 where an operand is. A scalar does not decide. */
function joined(value: OpValue, inputs: readonly Variable[]): TorchType {
  const types = inputs
    .filter((_, i) => !isNumber(value, i) && (shapeOf(value, i).length > 0 || value.shape.length === 0))
    .map(({ type }) => type);
  return types.find((type) => type === "float32") ?? types[0] ?? "float32";
}
/** The operands that have the result's shape, so that it can take their place. */
const overwritable = (value: OpValue, text: (arg: number) => (...names: string[]) => string, among = [0, 1]) =>
  among
    .filter((arg) => !isNumber(value, arg) && sameShape(shapeOf(value, arg), value.shape))
    .map((arg) => ({ arg, text: text(arg) }));

/** An elementwise operation of two operands; `method` has a form in place, whose operands may swap. */
const binary =
  (sign: string, method: string, swapped?: (a: string, b: string) => string): Any =>
  ({ source }, inputs, value) =>
    source.line(inputs, (a, b) => `${a} ${sign} ${b}`, {
      type: joined(value, inputs),
      over: overwritable(
        value,
        (arg) => (arg === 0 ? (a, b) => `${a}.${method}_(${b})` : (swapped ?? ((a, b) => `${b}.${method}_(${a})`))),
        swapped === undefined && sign !== "+" && sign !== "*" ? [0] : [0, 1],
      ),
    });
/** An elementwise operation of one operand. @param wide whether it is computed in fp32 whatever its operand's type */
const unary =
  (method: string, wide = false): Any =>
  ({ source }, inputs, value) => {
    const [x] = inputs as [Variable];
    const read = wide ? source.as(x, "float32") : x;
    return source.line([read], (a) => `${a}.${method}()`, {
      type: read.type,
      over: overwritable(value, () => (a) => `${a}.${method}_()`, [0]),
    });
  };
const alias =
  (text: (name: string, value: OpValue) => string, isDense?: boolean): Any =>
  ({ source }, inputs, value) =>
    source.line([inputs[0]!], (a) => text(a, value), {
      type: inputs[0]!.type,
      views: 0,
      ...(isDense !== undefined && { isDense }),
    });

function matmul({ source, productType }: LoweringContext, inputs: readonly Variable[], value: Of<"matmul">): Variable {
  const [a, b] = inputs.map((each) => source.as(each, productType)) as [Variable, Variable];
  const { transA, transB } = value.attributes;
  const form = { type: productType };
  if (!transA && shapeOf(value, 1).length === 2)
    return source.line([a, b], (x, y) => `${transB ? "by_rows" : "by_columns"}(${x}, ${y})`, form);
  return source.line([a, b], (x, y) => `${x}${transA ? ".mT" : ""} @ ${y}${transB ? ".mT" : ""}`, form);
}

function reduceSum({ source }: LoweringContext, [x]: readonly Variable[], value: Of<"reduceSum">): Variable {
  const axes = `(${value.attributes.axes.map((axis) => `${axis}, `).join("")})`;
  return source.line([x!], (a) => `${a}.sum(${axes}, dtype=torch.float32)`, { type: "float32" });
}

/** 1 / rms of x, which a norm and its gradient share. */
function inverse({ source }: LoweringContext, x: Variable, epsilon: number): Variable {
  return source.once(`inverse ${x.name} ${epsilon}`, () =>
    source.line([source.as(x, "float32")], (a) => `rms_inverse(${a}, ${epsilon})`, { type: "float32" }),
  );
}

function rmsNorm(context: LoweringContext, inputs: readonly Variable[], value: Of<"rmsNorm">): Variable {
  const { source } = context;
  const [x, scale] = inputs as [Variable, Variable];
  const wide = source.as(x, "float32");
  const factor = inverse(context, x, value.attributes.epsilon);
  return source.line([wide, factor, scale], (a, r, s) => `(${a} * ${r}).mul_(${s})`, { type: "float32" });
}

function rotate({ source }: LoweringContext, inputs: readonly Variable[], value: Of<"rotate">): Variable {
  const form = value.attributes.isNeighbours ? "rotate_neighbours" : "rotate_halves";
  return source.line(inputs, (x, cos, sin) => `${form}(${x}, ${cos}, ${sin})`, { type: inputs[0]!.type });
}

const rectifiedKey = (x: Variable): string => `relu ${x.name}`;

function relu(context: LoweringContext, inputs: readonly Variable[], value: Of<"relu">): Variable {
  return context.source.once(rectifiedKey(inputs[0]!), () => unary("relu")(context, inputs, value));
}

/** Where x is positive its relu is: reading that leaves x's place to it. */
function gate({ source }: LoweringContext, inputs: readonly Variable[], value: Of<"gate">): Variable {
  const type = joined(value, inputs);
  const [x, y] = inputs as [Variable, Variable];
  const deciding = source.known(rectifiedKey(x)) ?? x;
  const operands = [source.as(deciding, type), source.as(y, type)];
  return source.line(operands, (a, b) => `relu_gradient(${a}, ${b})`, { type });
}

/** ln of the sum of exponentials of each row of logits, which the loss and its gradient share. */
const normaliser = ({ source }: LoweringContext, logits: Variable): Variable =>
  source.once(`normaliser ${logits.name}`, () =>
    source.line([logits], (a) => `${a}.logsumexp(-1, keepdim=True)`, { type: "float32" }),
  );

function crossEntropy(context: LoweringContext, inputs: readonly Variable[]): Variable {
  const logits = context.source.as(inputs[0]!, "float32");
  return context.source.line(
    [logits, normaliser(context, logits), inputs[1]!],
    (a, n, labels) => `cross_entropy(${a}, ${n}, ${labels})`,
    { type: "float32" },
  );
}

function crossEntropyGradient(context: LoweringContext, inputs: readonly Variable[]): Variable {
  const logits = context.source.as(inputs[0]!, "float32");
  return context.source.line(
    [logits, normaliser(context, logits), inputs[1]!, inputs[2]!],
    (a, n, labels, g) => `cross_entropy_gradient(${a} - ${n}, ${labels}, ${g})`,
    {
      type: "float32",
      over: [{ arg: 0, text: (a, n, labels, g) => `cross_entropy_gradient(${a}.sub_(${n}), ${labels}, ${g})` }],
    },
  );
}

/** The columns label - from of x, and whether x has them, both (N, 1), as Python. */
const columnOf = (value: Of<"labelValue"> | Of<"lessOneHot">, labels: string): { at: string; isColumn: string } => {
  const wanted = `(${labels}.long() - ${value.attributes.from})[:, None]`;
  const at = `${wanted}.clamp(0, ${Number(shapeOf(value, 0)[1]) - 1})`;
  return { at, isColumn: `(${at} == ${wanted}).float()` };
};

/** The lowering of every operation that all engines have; the type makes it complete. */
export const TORCH_LOWERINGS: { [K in PrimitiveName]: TorchLowering<Of<K>> } = {
  add: binary("+", "add"),
  sub: binary("-", "sub"),
  mul: binary("*", "mul"),
  div: binary("/", "div"),
  neg: unary("neg"),
  detach: alias((x) => x),
  exp: unary("exp", true),
  log: unary("log", true),
  sqrt: unary("sqrt", true),
  tanh: unary("tanh"),
  sigmoid: unary("sigmoid"),
  erf: unary("erf"),
  relu,
  gate,
  keep: ({ source }, inputs, value) =>
    source.line(inputs, (x, mask) => `${x} * ${mask}`, {
      type: inputs[0]!.type,
      over: overwritable(value, () => (x, mask) => `${x}.mul_(${mask})`, [0]),
    }),
  matmul,
  gather: ({ source }, inputs) =>
    source.line(inputs, (table, ids) => `gather(${table}, ${ids})`, { type: inputs[0]!.type }),
  reorder: ({ source }, [x, at, , isRow], { attributes: { isPadded } }) =>
    isPadded
      ? source.line([x!, at!, isRow!], (rows, i, own) => `reorder(${rows}, ${i}, ${own})`, { type: x!.type })
      : source.line([x!, at!], (rows, i) => `reorder(${rows}, ${i})`, { type: x!.type }),
  scatterAdd: ({ source }, [ids, updates], { shape }) =>
    source.line([ids!, source.as(updates!, "float32")], (i, u) => `scatter_add(${i}, ${u}, ${shapeText(shape)})`, {
      type: "float32",
    }),
  reduceSum,
  reshape: alias((x, value) => `${x}.reshape(${shapeText(value.shape)})`),
  transpose: alias((x, value) => `${x}.permute(${(value as Of<"transpose">).attributes.permutation.join(", ")})`),
  concat: ({ source }, inputs, value) => {
    const type = joined(value, inputs);
    const parts = inputs.map((each) => source.as(each, type));
    return source.line(parts, (...names) => `torch.cat((${names.join(", ")}), ${value.attributes.axis})`, { type });
  },
  slice: alias((x, value) => {
    const { axis, start, end } = (value as Of<"slice">).attributes;
    return `${x}.narrow(${axis}, ${sizeText(start)}, ${sizeText(end)} - ${sizeText(start)})`;
  }),
  broadcastTo: alias((x, value) => `${x}.expand(${shapeText(value.shape)})`, false),
  softmax: ({ source }, [x]) =>
    source.line([x!], (a) => `torch.softmax(${a}, -1, dtype=torch.float32)`, { type: "float32" }),
  rotate,
  rmsNorm,
  rmsInverse: (context, [x], { attributes: { epsilon } }) => inverse(context, x!, epsilon),
  crossEntropy,
  crossEntropyGradient,
  after: alias((x) => x),
  logSumExp: (context, inputs) => {
    const x = context.source.as(inputs[0]!, "float32");
    return context.source.line([normaliser(context, x)], (a) => a, { type: "float32", views: 0 });
  },
  labelValue: ({ source }, inputs, value) =>
    source.line(
      [source.as(inputs[0]!, "float32"), inputs[1]!],
      (x, labels) => {
        const { at, isColumn } = columnOf(value, labels);
        return `${x}.gather(1, ${at}) * ${isColumn}`;
      },
      { type: "float32" },
    ),
  lessOneHot: ({ source }, inputs, value) =>
    source.line(
      [source.as(inputs[0]!, "float32"), inputs[1]!],
      (x, labels) => {
        const { at, isColumn } = columnOf(value, labels);
        return `${x}.scatter_add(1, ${at}, -${isColumn})`;
      },
      { type: "float32" },
    ),
  labelled: ({ source }, inputs) =>
    source.line([source.as(inputs[0]!, "float32"), inputs[1]!], (x, labels) => `${x} * (${labels} >= 0)`, {
      type: "float32",
    }),
};

/** A fused operation with what its gradient reads: a context that the forward function returns beside its result. */
function withContext(
  { source }: LoweringContext,
  inputs: readonly Variable[],
  { of, options }: { of: FusedName; options: string },
): { both: Variable; type: TorchType } {
  const type = of === "attention" ? inputs[0]!.type : "float32";
  const key = `${of} ${inputs.map(({ name }) => name).join()} ${options}`;
  const both = source.once(key, () =>
    source.line(inputs, (...names) => `${PYTHON_NAMES[of]}(${names.join(", ")}${options})`, { type, retains: true }),
  );
  return { both, type };
}

const PYTHON_NAMES: Readonly<Record<FusedName, string>> = {
  attention: "attention",
  geluTanh: "gelu_tanh",
  geluExact: "gelu",
  silu: "silu",
  layerNorm: "layer_norm",
};
/** Those whose gradient reads more than their inputs. */
const HAS_CONTEXT: ReadonlySet<FusedName> = new Set(["attention", "layerNorm"]);

const optionsOf = (of: FusedName, attributes: object): string =>
  of === "layerNorm" ? `, ${(attributes as { epsilon: number }).epsilon}` : "";

/** The operands in the types that the operation is computed in. */
function typed({ source, productType }: LoweringContext, of: FusedName, inputs: readonly Variable[]): Variable[] {
  if (of === "attention") return inputs.map((each) => source.as(each, productType));
  return of === "layerNorm" ? inputs.map((each) => source.as(each, "float32")) : [...inputs];
}

/** A fused operation. */
export function lowerFused(
  context: LoweringContext,
  inputs: readonly Variable[],
  value: Extract<OpValue, { op: FusedName }>,
): Variable {
  const { source } = context;
  const { op: of } = value;
  const own = typed(context, of, inputs);
  if (!HAS_CONTEXT.has(of)) return source.line(own, (x) => `${PYTHON_NAMES[of]}(${x})`, { type: own[0]!.type });
  const { both, type } = withContext(context, own, { of, options: optionsOf(of, value.attributes) });
  return source.line([both], (pair) => `${pair}[0]`, { type, views: 0 });
}

/**
 * The gradient by one input of a fused operation; those by its other inputs share the call.
 * @param wanted the inputs whose gradients the program needs
 */
export function lowerFusedGradient(
  context: LoweringContext,
  inputs: readonly Variable[],
  { value, wanted }: { value: Of<"fusedGradient">; wanted: readonly number[] },
): Variable {
  const { source } = context;
  const { of, by, attributes } = value.attributes;
  const own = typed(context, of, inputs.slice(0, -1));
  const g = source.as(inputs.at(-1)!, of === "layerNorm" ? "float32" : own[0]!.type);
  const name = `${PYTHON_NAMES[of]}_gradient`;
  if (!HAS_CONTEXT.has(of)) return source.line([own[0]!, g], (x, y) => `${name}(${x}, ${y})`, { type: own[0]!.type });
  const { both, type } = withContext(context, own, { of, options: optionsOf(of, attributes) });
  const all = source.once(`${name} ${both.name} ${g.name}`, () =>
    source.line([both, g], (pair, y) => `${name}(${pair}[1], ${y}, (${wanted.map((i) => `${i}, `).join("")}))`, {
      type,
    }),
  );
  return source.line([all], (parts) => `${parts}[${by}]`, { type, views: 0 });
}
