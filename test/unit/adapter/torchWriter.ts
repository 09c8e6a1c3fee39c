import { crc32 } from "node:zlib";

/** A tensor to be saved as torch.save does; `type`: Float by default. */
export interface Saved {
  name: string;
  dims: number[];
  values: number[];
  strides?: number[];
  offset?: number;
  type?: string;
  elements?: number;
  parameter?: boolean;
  bytes?: Buffer;
  /** The index of the tensor whose storage this one is a view of. */
  shares?: number;
}

const text = (value: string): Buffer => {
  const body = Buffer.from(value);
  const head = Buffer.alloc(5);
  head[0] = 0x58;
  head.writeUInt32LE(body.length, 1);
  return Buffer.concat([head, body]);
};
const number = (value: number): Buffer => {
  if (Math.abs(value) >= 2 ** 31) {
    const long = Buffer.from([0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
    long.writeBigInt64LE(BigInt(value), 2);
    return long;
  }
  const head = Buffer.alloc(5);
  head[0] = 0x4a;
  head.writeInt32LE(value, 1);
  return head;
};
export const global = (name: string): Buffer => Buffer.from(`c${name.replace(" ", "\n")}\n`);
const tuple = (...items: Buffer[]): Buffer => Buffer.concat([Buffer.from("("), ...items, Buffer.from("t")]);
const HOOKS = Buffer.concat([global("collections OrderedDict"), Buffer.from(")R")]);

function tensor(
  { dims, values, strides, offset = 0, type = "Float", elements, parameter }: Saved,
  key: string,
): Buffer {
  const rowMajor = dims.map((_, axis) => dims.slice(axis + 1).reduce((product, size) => product * size, 1));
  const storage = Buffer.concat([
    tuple(
      text("storage"),
      global(`torch ${type}Storage`),
      text(key),
      text("cuda:0"),
      number(elements ?? values.length),
    ),
    Buffer.from("Q"),
  ]);
  const made = Buffer.concat([
    global("torch._utils _rebuild_tensor_v2"),
    tuple(
      storage,
      number(offset),
      tuple(...dims.map(number)),
      tuple(...(strides ?? rowMajor).map(number)),
      Buffer.from([0x89]),
      HOOKS,
    ),
    Buffer.from("R"),
  ]);
  return parameter === true
    ? Buffer.concat([
        global("torch._utils _rebuild_parameter"),
        tuple(made, Buffer.from([0x88]), HOOKS),
        Buffer.from("R"),
      ])
    : made;
}

/** A pickled dictionary of what is given, ready-made items by name. */
export const pickleOf = (entries: readonly (readonly [string, Buffer])[]): Buffer =>
  Buffer.concat([
    Buffer.from([0x80, 2, 0x7d, 0x28]),
    ...entries.flatMap(([name, item]) => [text(name), item]),
    Buffer.from("u."),
  ]);

/**
 * A zip of stored parts.
 * @param wide whether sizes and places are written as those of more than 4 GB are
 */
export function zipOf(parts: readonly (readonly [string, Buffer])[], wide = false): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let at = 0;
  for (const [name, data] of parts) {
    const fields = Buffer.alloc(26);
    const title = Buffer.from(name);
    fields.writeUInt32LE(crc32(data), 10);
    fields.writeUInt32LE(data.length, 14);
    fields.writeUInt32LE(data.length, 18);
    fields.writeUInt16LE(title.length, 22);
    const local = Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4]), fields, title, data]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    const extra = Buffer.alloc(wide ? 28 : 0);
    if (wide) {
      extra.set([1, 0, 24, 0]);
      [data.length, data.length, at].forEach((value, i) => extra.writeBigUInt64LE(BigInt(value), 4 + 8 * i));
      for (const place of [14, 18]) fields.writeUInt32LE(0xffffffff, place);
      fields.writeUInt16LE(extra.length, 24);
      tail.writeUInt32LE(0xffffffff, 10);
    }
    centrals.push(Buffer.from([0x50, 0x4b, 1, 2, 0, 0]), fields, tail, title, extra);
    locals.push(local);
    at += local.length;
  }
  return Buffer.concat([...locals, ...centrals, zipEnd(parts.length, Buffer.concat(centrals).length, { at, wide })]);
}

/** The end of a zip whose directory has so many entries and bytes. */
function zipEnd(count: number, length: number, { at, wide }: { at: number; wide: boolean }): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  for (const place of [8, 10]) end.writeUInt16LE(wide ? 0xffff : count, place);
  end.writeUInt32LE(wide ? 0xffffffff : length, 12);
  end.writeUInt32LE(wide ? 0xffffffff : at, 16);
  if (!wide) return end;
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  [count, count, length, at].forEach((value, i) => record.writeBigUInt64LE(BigInt(value), 24 + 8 * i));
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(at + length), 8);
  return Buffer.concat([record, locator, end]);
}

const bytesOf = ({ values, bytes }: Saved): Buffer => bytes ?? Buffer.from(Float32Array.from(values).buffer);

/** The pickle that describes tensors. */
export const describedBy = (tensors: readonly Saved[]): Buffer =>
  pickleOf(tensors.map((each, i) => [each.name, tensor(each, String(each.shares ?? i))] as const));

/** The bytes of torch.save for a dictionary of tensors. */
export function torchFile(tensors: readonly Saved[], pickle = describedBy(tensors)): Buffer {
  return zipOf([
    ["x/data.pkl", pickle],
    ["x/byteorder", Buffer.from("little")],
    ...tensors.flatMap((each, i) => (each.shares === undefined ? [[`x/data/${i}`, bytesOf(each)] as const] : [])),
  ]);
}

/** The bytes of torch.save before torch 1.6: pickles, then the values of each storage behind their number. */
export function earlyTorchFile(tensors: readonly Saved[], machine: { littleEndian?: boolean } = {}): Buffer {
  const own = tensors.flatMap((each, i) => (each.shares === undefined ? [[String(i), each] as const] : []));
  const pickled = (...items: Buffer[]): Buffer => Buffer.concat([Buffer.from([0x80, 2]), ...items, Buffer.from(".")]);
  const flag = Buffer.from([machine.littleEndian === false ? 0x89 : 0x88]);
  return Buffer.concat([
    Buffer.from("80028a0a6cfc9c46f9206aa850192e", "hex"),
    pickled(number(1001)),
    pickleOf([
      ["protocol_version", number(1001)],
      ["little_endian", flag],
    ]),
    describedBy(tensors),
    pickled(Buffer.from("]("), ...own.map(([key]) => text(key)), Buffer.from("e")),
    ...own.flatMap(([, each]) => {
      const count = Buffer.alloc(8);
      count.writeBigInt64LE(BigInt(each.elements ?? each.values.length));
      return [count, bytesOf(each)];
    }),
  ]);
}
