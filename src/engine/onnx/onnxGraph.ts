import { primitive } from "../../graph/fused.ts";
import { topological, type InputValue, type Value } from "../../graph/value.ts";
import type { WeightLocation } from "../program.ts";
import { BlockProducts, type BlockOptions } from "./onnxBlocks.ts";
import { OnnxBuilder } from "./onnxBuilder.ts";
import { LOWERINGS, type Lowering } from "./onnxLowering.ts";
import { NarrowWeights } from "./onnxNarrow.ts";
import type { ProtoTensor } from "./onnxProto.ts";

function addWeight(b: OnnxBuilder, name: string, location: WeightLocation): string {
  const tensor: ProtoTensor = {
    name: `w:${name}`,
    element: location.type,
    dims: location.dims,
    external: { location: location.file, offset: location.offset, length: location.bytes },
  };
  b.graph.initializers.push(tensor);
  // Half-precision weights stay memory-mapped; onnxruntime widens them once, while it folds constants.
  return location.type === "float32" ? tensor.name : b.node("Cast", [tensor.name], { to: { i: 1 } });
}

/**
 * Lowers the graph that computes `outputs` to an ONNX model.
 * @param isProcessor whether the processor's kernels compute it
 * @param blocks how products with levels are computed by the kernel that reads them; absent: their matrix is widened
 * @returns the encoded model, and the inputs that it reads
 */
export function lowerToOnnx(
  outputs: Record<string, Value>,
  weights: ReadonlyMap<string, WeightLocation>,
  { isProcessor, blocks }: { isProcessor: boolean; blocks?: BlockOptions | undefined },
): { model: Uint8Array; inputs: InputValue[] } {
  const b = new OnnxBuilder({ isProcessor, isNarrow: (name) => weights.get(name)?.narrow === true });
  const narrow = new NarrowWeights(b, weights);
  const order = topological(Object.values(outputs));
  const products = blocks && new BlockProducts(b, { order, weights }, blocks);
  const names = new Map<Value, string>();
  const inputs = order.filter((v): v is InputValue => v.kind === "input");
  for (const v of inputs) b.graph.inputs.push({ name: v.name, element: v.type, dims: [...v.shape] });
  const read = (v: Value): string => names.get(v) ?? narrow.widened(v);
  for (const v of order) if (!narrow.has(v)) names.set(v, nameOf(v, { b, narrow, products, weights, read }));
  for (const [name, v] of Object.entries(outputs)) {
    b.output(name, read(v));
    b.graph.outputs.push({ name, element: v.type, dims: [...v.shape] });
  }
  return { model: b.encode(), inputs };
}

interface Lowered {
  b: OnnxBuilder;
  narrow: NarrowWeights;
  products: BlockProducts | undefined;
  weights: ReadonlyMap<string, WeightLocation>;
  /** The name of a value that was lowered before. */
  read: (v: Value) => string;
}

function nameOf(v: Value, { b, narrow, products, weights, read }: Lowered): string {
  switch (v.kind) {
    case "input":
      return v.name;
    case "constant":
      return b.constant(v.type, v.shape.map(Number), v.data);
    case "weight": {
      const location = weights.get(v.name);
      if (location === undefined) throw new Error(`weight ${v.name} is not in the file`);
      return addWeight(b, v.name, location);
    }
    case "op": {
      const lower = LOWERINGS[primitive(v.op)] as Lowering<never>;
      // Of a narrow table only the rows that are looked up are widened.
      const rows = v.op === "gather" ? narrow.rows(v, read(v.inputs[1]!)) : undefined;
      if (rows !== undefined) return rows;
      const product = products?.product(v, () => read(v.inputs[0]!));
      if (product !== undefined) return product;
      const make = (): string => lower(b, v.inputs.map(read), v as never);
      return v.isRecomputed ? b.placed("early", make) : make();
    }
  }
}
