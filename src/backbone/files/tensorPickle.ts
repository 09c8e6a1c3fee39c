/** A tensor as a pickle describes it: a view of a storage. Sizes, strides and offset count elements. */
export interface PickledTensor {
  storage: { key: string; type: string; elements: number };
  offset: number;
  sizes: number[];
  strides: number[];
}

type Item =
  | { kind: "mark" }
  | { kind: "plain" }
  | { kind: "flag"; value: boolean }
  | { kind: "text"; text: string }
  | { kind: "number"; value: number }
  | { kind: "global"; name: string }
  | { kind: "list"; items: Item[] }
  | { kind: "dict"; entries: [Item, Item][] }
  | { kind: "storage"; storage: PickledTensor["storage"] }
  | { kind: "tensor"; tensor: PickledTensor };

const DICT = "collections OrderedDict";
const TENSOR = "torch._utils _rebuild_tensor_v2";
const PARAMETER = "torch._utils _rebuild_parameter";
const STORAGE = /^torch (Float|Half|BFloat16|Double|Long|Int|Short|Char|Byte|Bool)Storage$/;

/** A name or operation in a pickle that a file of tensors does not need, as the error's message. */
export class ForbiddenPickle extends Error {}
/** Characters of a pickle's text that a message quotes. */
const QUOTED = 200;
const refuse = (what: string): never => {
  throw new ForbiddenPickle(what.slice(0, QUOTED));
};
/**
 * The largest pickle that is read, in bytes: a tensor takes a few hundred, and parsed items take many times their bytes
 * in memory.
 */
export const MOST_PICKLE = 16 * 1024 * 1024;
const MOST_AXES = 8;
/** Checks a shape: a short list of integers. It is short because many tensors can refer to the same list. */
const numbers = (item: Item | undefined): number[] =>
  (item?.kind === "list" && item.items.length <= MOST_AXES
    ? item.items
    : refuse("a tensor's shape that is no short list")
  ).map((each) => (each.kind === "number" ? each.value : refuse("a tensor's shape that is no list of numbers")));

/** Interprets the four functions that a file of tensors calls; nothing is executed. */
function reduce(callee: Item, argument: Item): Item {
  if (callee.kind !== "global" || argument.kind !== "list") return refuse("a call of something that is no name");
  const [first, second, third, fourth] = argument.items;
  if (callee.name === DICT)
    return argument.items.length === 0 ? { kind: "dict", entries: [] } : refuse("an OrderedDict with arguments");
  if (callee.name === PARAMETER) return first?.kind === "tensor" ? first : refuse("a parameter without a tensor");
  if (callee.name !== TENSOR || first?.kind !== "storage" || second?.kind !== "number")
    return refuse(`a call of ${callee.name}`);
  return {
    kind: "tensor",
    tensor: { storage: first.storage, offset: second.value, sizes: numbers(third), strides: numbers(fourth) },
  };
}

/** Reads a persistent id, ("storage", type, key, device, elements). */
function persistent(item: Item): Item {
  const [what, type, key, , elements, view] = item.kind === "list" ? item.items : [];
  if (
    what?.kind !== "text" ||
    what.text !== "storage" ||
    type?.kind !== "global" ||
    key?.kind !== "text" ||
    elements?.kind !== "number" ||
    (view !== undefined && view.kind !== "plain")
  )
    return refuse("a reference that is no storage");
  return {
    kind: "storage",
    storage: { key: key.text, type: type.name.slice("torch ".length, -"Storage".length), elements: elements.value },
  };
}

const named = (module: string, name: string): Item => {
  const full = `${module} ${name}`;
  return full === DICT || full === TENSOR || full === PARAMETER || STORAGE.test(full)
    ? { kind: "global", name: full }
    : refuse(`the name ${full.replace(" ", ".")}`);
};

/** Reads Python's pickle protocols 2 to 5, as far as a description of tensors needs them. */
class Machine {
  private readonly stack: Item[] = [];
  private readonly memo = new Map<number, Item>();

  /** @param at where the pickle begins; after `run`, where it ends */
  constructor(
    private readonly bytes: Buffer,
    public at = 0,
  ) {}

  private take(count: number): number {
    const from = this.at;
    this.at += count;
    if (!(count >= 0) || this.at > this.bytes.length) refuse("more bytes than it has");
    return from;
  }

  private byte(): number {
    return this.bytes.readUInt8(this.take(1));
  }
  private uint32(): number {
    return this.bytes.readUInt32LE(this.take(4));
  }
  private text(length: number): string {
    const from = this.take(length);
    return this.bytes.toString("utf8", from, from + length);
  }

  private line(): string {
    const end = this.bytes.indexOf(10, this.at);
    return end < 0 ? refuse("a line without an end") : this.text(end + 1 - this.at).slice(0, -1);
  }

  private pop(): Item {
    return this.stack.pop() ?? refuse("a value that is not there");
  }
  private push(item: Item): void {
    this.stack.push(item);
  }

  private popMark(): Item[] {
    const mark = this.stack.findLastIndex(({ kind }) => kind === "mark");
    if (mark < 0) refuse("a mark that is not there");
    const [, ...items] = this.stack.splice(mark);
    return items;
  }

  private tuple(count: number): void {
    const items = Array.from({ length: count }, () => this.pop()).reverse();
    this.push({ kind: "list", items });
  }
  private top(): Item {
    return this.stack.at(-1) ?? refuse("a value that is not there");
  }
  private remember(key: number): void {
    this.memo.set(key, this.top());
  }
  private recall(key: number): void {
    this.push(this.memo.get(key) ?? refuse("a value that was not kept"));
  }

  private set(pairs: Item[]): void {
    const into = this.top();
    if (into.kind !== "dict") return refuse("entries of something that is no dictionary");
    for (let i = 0; i + 1 < pairs.length; i += 2) into.entries.push([pairs[i]!, pairs[i + 1]!]);
  }

  private append(items: Item[]): void {
    const into = this.top();
    if (into.kind !== "list") return refuse("elements of something that is no list");
    // Not spread: there may be more items than a call can take as arguments.
    for (const item of items) into.items.push(item);
  }

  /** A whole number of up to eight bytes. */
  private long(): Item {
    const length = this.byte();
    if (length > 8) refuse("a number that long");
    const from = this.take(length);
    return {
      kind: "number",
      value:
        length === 0
          ? 0
          : Number(
              BigInt.asIntN(
                8 * length,
                BigInt(
                  `0x${Buffer.from(this.bytes.subarray(from, from + length))
                    .reverse()
                    .toString("hex")}`,
                ),
              ),
            ),
    };
  }

  private readonly codes: Readonly<Record<number, (() => void) | undefined>> = {
    0x80: () => {
      this.byte();
    },
    0x95: () => {
      this.take(8);
    },
    0x28: () => {
      this.push({ kind: "mark" });
    },
    0x4e: () => {
      this.push({ kind: "plain" });
    },
    0x88: () => {
      this.push({ kind: "flag", value: true });
    },
    0x89: () => {
      this.push({ kind: "flag", value: false });
    },
    0x7d: () => {
      this.push({ kind: "dict", entries: [] });
    },
    0x29: () => {
      this.push({ kind: "list", items: [] });
    },
    0x5d: () => {
      this.push({ kind: "list", items: [] });
    },
    0x58: () => {
      this.push({ kind: "text", text: this.text(this.uint32()) });
    },
    0x8c: () => {
      this.push({ kind: "text", text: this.text(this.byte()) });
    },
    0x4a: () => {
      this.push({ kind: "number", value: this.bytes.readInt32LE(this.take(4)) });
    },
    0x4b: () => {
      this.push({ kind: "number", value: this.byte() });
    },
    0x4d: () => {
      this.push({ kind: "number", value: this.bytes.readUInt16LE(this.take(2)) });
    },
    0x8a: () => {
      this.push(this.long());
    },
    0x47: () => {
      this.take(8);
      this.push({ kind: "plain" });
    },
    0x63: () => {
      const module = this.line();
      this.push(named(module, this.line()));
    },
    0x93: () => {
      const name = this.pop();
      const module = this.pop();
      this.push(
        name.kind === "text" && module.kind === "text"
          ? named(module.text, name.text)
          : refuse("a name that is no text"),
      );
    },
    0x71: () => {
      this.remember(this.byte());
    },
    0x72: () => {
      this.remember(this.uint32());
    },
    0x94: () => {
      this.remember(this.memo.size);
    },
    0x68: () => {
      this.recall(this.byte());
    },
    0x6a: () => {
      this.recall(this.uint32());
    },
    0x74: () => {
      this.push({ kind: "list", items: this.popMark() });
    },
    0x85: () => {
      this.tuple(1);
    },
    0x86: () => {
      this.tuple(2);
    },
    0x87: () => {
      this.tuple(3);
    },
    0x61: () => {
      const item = this.pop();
      this.append([item]);
    },
    0x65: () => {
      this.append(this.popMark());
    },
    0x73: () => {
      const value = this.pop();
      const key = this.pop();
      this.set([key, value]);
    },
    0x75: () => {
      this.set(this.popMark());
    },
    0x51: () => {
      this.push(persistent(this.pop()));
    },
    0x52: () => {
      const argument = this.pop();
      this.push(reduce(this.pop(), argument));
    },
    // A module's state_dict has attributes (its version), which do not concern the tensors.
    0x62: () => {
      this.pop();
      if (this.top().kind !== "dict") refuse("a state set on something that is no dictionary");
    },
  };

  run(): Item {
    for (;;) {
      const code = this.byte();
      if (code === 0x2e) return this.pop();
      (this.codes[code] ?? (() => refuse(`the instruction 0x${code.toString(16)}`)))();
    }
  }
}

function tensorsOf(item: Item): Map<string, PickledTensor> {
  if (item.kind !== "dict") return refuse("something that is no dictionary of tensors");
  return new Map(
    item.entries.map(([key, value]) => {
      if (key.kind !== "text") return refuse("a key that is no text");
      return [key.text, value.kind === "tensor" ? value.tensor : refuse(`the entry "${key.text}", which is no tensor`)];
    }),
  );
}

/**
 * Reads the tensors of a pickled dictionary, by name. Nothing of the pickle is executed: any name that tensors do not
 * need ends the reading.
 * @throws ForbiddenPickle naming what the pickle refers to
 */
export function readTensorPickle(bytes: Buffer): Map<string, PickledTensor> {
  if (bytes.length > MOST_PICKLE) refuse(`${bytes.length} bytes of description`);
  return tensorsOf(new Machine(bytes).run());
}

/** What the pickles at the beginning of a file of torch before 1.6 say. */
export interface EarlyPickles {
  tensors: Map<string, PickledTensor>;
  littleEndian: boolean;
  /** The keys of the storages, whose values follow in this order. */
  keys: string[];
  /** The byte after the last pickle. */
  end: number;
}

/** The version of the layout: PROTOCOL_VERSION of torch/serialization.py. */
const EARLY_VERSION = 1001;

/**
 * Reads the pickles of a file of torch before 1.6: version, machine, tensors, keys of storages.
 * @param start the byte after the magic number
 * @throws ForbiddenPickle naming what a pickle refers to
 */
export function readEarlyPickles(bytes: Buffer, start: number): EarlyPickles {
  let end = start;
  const next = (): Item => {
    const machine = new Machine(bytes, end);
    const item = machine.run();
    end = machine.at;
    return item;
  };
  const version = next();
  if (version.kind !== "number" || version.value !== EARLY_VERSION) refuse("another version of the layout");
  const machine = next();
  const order = (machine.kind === "dict" ? machine.entries : []).find(
    ([key]) => key.kind === "text" && key.text === "little_endian",
  )?.[1];
  const tensors = tensorsOf(next());
  const list = next();
  const keys = (list.kind === "list" ? list.items : refuse("a list of storages that is none")).map((key) =>
    key.kind === "text" ? key.text : refuse("a key that is no text"),
  );
  return { tensors, littleEndian: order?.kind !== "flag" || order.value, keys, end };
}
