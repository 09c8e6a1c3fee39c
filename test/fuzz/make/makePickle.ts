import type { Random } from "../random.ts";

const line = (module: string, name: string): Buffer => Buffer.from(`c${module}\n${name}\n`);
const bytes = (...values: number[]): Buffer => Buffer.from(values);
const text = (value: string): Buffer => Buffer.concat([bytes(0x8c, Buffer.byteLength(value)), Buffer.from(value)]);
const STORAGES = ["Float", "Half", "BFloat16", "Double", "Long", "Int", "Bool", "Byte"];
const REBUILD = line("torch._utils", "_rebuild_tensor_v2");
const ORDERED = line("collections", "OrderedDict");

/** A whole number as pickles write it. */
function number(random: Random): Buffer {
  const value = random.one([0, 1, 2, 3, 6, 127, 255, 65535, -1, 2 ** 31 - 1, -(2 ** 31)]);
  const long = Buffer.alloc(10);
  long.set([0x8a, 8]);
  long.writeBigInt64LE(random.one([0n, 1n, 2n ** 62n, -(2n ** 63n), 6n]), 2);
  const four = Buffer.alloc(5);
  four[0] = 0x4a;
  four.writeInt32LE(value, 1);
  return random.one([bytes(0x4b, value & 255), bytes(0x4d, value & 255, 1), four, four, long]);
}

const tuple = (...items: Buffer[]): Buffer => Buffer.concat([bytes(0x28), ...items, bytes(0x74)]);

/** A tensor: a view of a storage, whose sizes and strides need not fit it. */
function tensor(random: Random): Buffer {
  const axes = random.below(4);
  const sizes = (): Buffer =>
    tuple(...Array.from({ length: axes }, () => (random.chance(0.7) ? bytes(0x4b, random.below(4)) : number(random))));
  const storage = tuple(
    text("storage"),
    line("torch", `${random.one(STORAGES)}Storage`),
    text(String(random.below(3))),
    text("cpu"),
    random.chance(0.7) ? bytes(0x4b, 6) : number(random),
  );
  const offset = random.chance(0.7) ? bytes(0x4b, 0) : number(random);
  const made = Buffer.concat([
    REBUILD,
    tuple(Buffer.concat([storage, bytes(0x51)]), offset, sizes(), sizes(), bytes(0x89), ORDERED, bytes(0x29, 0x52)),
    bytes(0x52),
  ]);
  return random.chance(0.2)
    ? Buffer.concat([
        line("torch._utils", "_rebuild_parameter"),
        tuple(made, bytes(0x88), ORDERED, bytes(0x29, 0x52)),
        bytes(0x52),
      ])
    : made;
}

/** An instruction that a machine of pickles has, with its argument. */
function instruction(random: Random): Buffer {
  const make: readonly (() => Buffer)[] = [
    () =>
      bytes(
        random.one([
          0x28, 0x4e, 0x88, 0x89, 0x7d, 0x29, 0x5d, 0x74, 0x85, 0x86, 0x87, 0x61, 0x65, 0x73, 0x75, 0x51, 0x52, 0x62,
          0x94, 0x93, 0x2e,
        ]),
      ),
    () => number(random),
    () => text(random.one(["a", "storage", "0", "cpu", "weight", "__proto__", ""])),
    () => bytes(random.one([0x71, 0x68]), random.below(4)),
    () => bytes(random.one([0x72, 0x6a]), random.below(4), 0, 0, 0),
    () => random.one([REBUILD, ORDERED, line("torch", "FloatStorage"), line("os", "system"), bytes(0x63)]),
    () => bytes(0x58, random.one([0, 1, 255]), 0, 0, random.one([0, 0, 255]), 97),
    () => bytes(0x95, 0, 0, 0, 0, 0, 0, 0, 0),
    () => bytes(0x47, 0, 0, 0, 0, 0, 0, 0, 0),
    () => tensor(random),
  ];
  return random.one(make)();
}

/** A pickle of a dictionary of tensors with instructions among them, or of instructions alone. */
export function makePickle(random: Random): Buffer {
  const noise = (): Buffer => Buffer.concat(Array.from({ length: 1 + random.below(4) }, () => instruction(random)));
  const head = bytes(0x80, 2);
  if (random.chance(0.2))
    return Buffer.concat([head, ...Array.from({ length: random.below(40) }, () => instruction(random)), bytes(0x2e)]);
  const entries = Array.from({ length: random.below(6) }, (_, i) =>
    Buffer.concat([
      text(random.one([`w${i}`, "lm_head.weight", "__proto__"])),
      tensor(random),
      ...(random.chance(0.1) ? [noise()] : []),
    ]),
  );
  return Buffer.concat([
    head,
    random.chance(0.5) ? bytes(0x7d) : Buffer.concat([ORDERED, bytes(0x29, 0x52)]),
    bytes(0x28),
    ...entries,
    bytes(0x75, 0x2e),
  ]);
}
