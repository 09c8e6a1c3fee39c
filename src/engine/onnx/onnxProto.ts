import protobuf from "protobufjs/minimal.js";

type Writer = protobuf.Writer;
const LENGTH_DELIMITED = 2;
const tag = (field: number, wire: number): number => (field << 3) | wire;

/** ONNX tensor element types (onnx.proto, TensorProto.DataType). */
export const ELEMENT = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
  uint4: 21,
  int4: 22,
} as const;
/** The name of an element type. */
export type Element = keyof typeof ELEMENT;

/** An attribute of a node: an integer, a float, a string or a list of integers. */
export type Attribute = { i: number } | { f: number } | { s: string } | { ints: number[] };
/** A node: an operation of a domain, the names of its inputs and outputs, and its attributes. */
export interface ProtoNode {
  op: string;
  domain: string;
  inputs: string[];
  output: string;
  /** Names of outputs after the first. */
  more?: string[];
  attributes: Record<string, Attribute>;
}
/** A constant tensor; its bytes are `raw`, or at a location in an external file. */
export interface ProtoTensor {
  name: string;
  element: Element;
  dims: number[];
  raw?: Uint8Array;
  external?: { location: string; offset: number; length: number };
}
/** An input or output of the graph; a dim is a size or a symbol. */
export interface ProtoValue {
  name: string;
  element: Element;
  dims: (number | string)[];
}
/** A graph as it is serialised. */
export interface ProtoGraph {
  nodes: ProtoNode[];
  initializers: ProtoTensor[];
  inputs: ProtoValue[];
  outputs: ProtoValue[];
}

function message(w: Writer, field: number, write: (w: Writer) => void): void {
  w.uint32(tag(field, LENGTH_DELIMITED)).fork();
  write(w);
  w.ldelim();
}
const text = (w: Writer, field: number, value: string): void => {
  w.uint32(tag(field, LENGTH_DELIMITED)).string(value);
};
const int = (w: Writer, field: number, value: number): void => {
  w.uint32(tag(field, 0)).int64(value);
};

function attribute(w: Writer, name: string, value: Attribute): void {
  text(w, 1, name);
  if ("i" in value) {
    int(w, 3, value.i);
    int(w, 20, 2);
  } else if ("f" in value) {
    w.uint32(tag(2, 5)).float(value.f);
    int(w, 20, 1);
  } else if ("s" in value) {
    text(w, 4, value.s);
    int(w, 20, 3);
  } else {
    for (const i of value.ints) int(w, 8, i);
    int(w, 20, 7);
  }
}

function node(w: Writer, n: ProtoNode): void {
  for (const name of n.inputs) text(w, 1, name);
  for (const name of [n.output, ...(n.more ?? [])]) text(w, 2, name);
  text(w, 3, n.output);
  text(w, 4, n.op);
  for (const [name, value] of Object.entries(n.attributes)) message(w, 5, (m) => attribute(m, name, value));
  text(w, 7, n.domain);
}

function tensor(w: Writer, t: ProtoTensor): void {
  for (const d of t.dims) int(w, 1, d);
  int(w, 2, ELEMENT[t.element]);
  text(w, 8, t.name);
  if (t.raw !== undefined) w.uint32(tag(9, LENGTH_DELIMITED)).bytes(t.raw);
  if (t.external !== undefined) {
    for (const [key, value] of Object.entries(t.external))
      message(w, 13, (m) => {
        text(m, 1, key);
        text(m, 2, String(value));
      });
    int(w, 14, 1);
  }
}

function valueInfo(w: Writer, v: ProtoValue): void {
  text(w, 1, v.name);
  message(w, 2, (type) =>
    message(type, 1, (t) => {
      int(t, 1, ELEMENT[v.element]);
      message(t, 2, (shape) => {
        for (const d of v.dims)
          message(shape, 1, (dim) => {
            if (typeof d === "number") int(dim, 1, d);
            else text(dim, 2, d);
          });
      });
    }),
  );
}

/** Whether a graph has scales by group, which came with opset 21, as did elements of four bits. */
const hasGroups = ({ nodes }: ProtoGraph): boolean =>
  nodes.some(({ op, attributes }) => op === "DequantizeLinear" && attributes["block_size"] !== undefined);

/**
 * Serialises a graph as an ONNX ModelProto: IR version 9 and opset 18, or 10 and 21 where it needs them, and
 * onnxruntime's com.microsoft.
 */
export function encodeModel(graph: ProtoGraph): Uint8Array {
  const w = protobuf.Writer.create();
  const isLater = hasGroups(graph);
  int(w, 1, isLater ? 10 : 9);
  text(w, 2, "adept-lab");
  message(w, 7, (g) => {
    for (const n of graph.nodes) message(g, 1, (m) => node(m, n));
    text(g, 2, "graph");
    for (const t of graph.initializers) message(g, 5, (m) => tensor(m, t));
    for (const v of graph.inputs) message(g, 11, (m) => valueInfo(m, v));
    for (const v of graph.outputs) message(g, 12, (m) => valueInfo(m, v));
  });
  for (const [domain, version] of [
    ["", isLater ? 21 : 18],
    ["com.microsoft", 1],
  ] as const)
    message(w, 8, (m) => {
      text(m, 1, domain);
      int(m, 2, version);
    });
  return w.finish();
}
