/** Fields of a Thrift struct by their number. A field that is neither a 32-bit integer nor a struct is undefined. */
export type ThriftStruct = Map<number, number | ThriftStruct | undefined>;

const STOP = 0;
const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const I16 = 4;
const I32 = 5;
const I64 = 6;
const DOUBLE = 7;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;
const DEEPEST = 8;

/**
 * A reader of Thrift's compact protocol, as far as page headers of Parquet need it; 32-bit integers are read exactly as
 * the Parquet library reads them.
 */
class ThriftReader {
  at = 0;

  constructor(private readonly bytes: Buffer) {}

  private byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new RangeError("a page's header ends early");
    return byte;
  }

  private varint(): number {
    for (let result = 0, shift = 0; ; shift += 7) {
      const byte = this.byte();
      result |= (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return result;
    }
  }

  private whole(): number {
    const zigzag = this.varint();
    return (zigzag >>> 1) ^ -(zigzag & 1);
  }

  private pass(bytes: number): undefined {
    if (!(bytes >= 0) || this.at + bytes > this.bytes.length) throw new RangeError("a page's header ends early");
    this.at += bytes;
  }

  private element(type: number, depth: number): number | ThriftStruct | undefined {
    switch (type) {
      case TRUE:
      case FALSE:
        return undefined;
      case BYTE:
        return this.pass(1);
      case I16:
      case I32:
        return this.whole();
      case I64:
        while ((this.byte() & 0x80) !== 0);
        return undefined;
      case DOUBLE:
        return this.pass(8);
      case BINARY:
        return this.pass(this.varint());
      case LIST:
        return this.list(depth);
      case STRUCT:
        return this.struct(depth + 1);
      default:
        throw new RangeError("a page's header has a part of an unknown kind");
    }
  }

  private list(depth: number): undefined {
    const head = this.byte();
    const type = head & 0x0f;
    const count = head >> 4 === 15 ? this.varint() : head >> 4;
    // In a list, a truth value takes a byte.
    for (let i = 0; i < count; i++) this.element(type === TRUE || type === FALSE ? BYTE : type, depth);
  }

  struct(depth = 0): ThriftStruct {
    if (depth > DEEPEST) throw new RangeError("a page's header is nested too deeply");
    const fields: ThriftStruct = new Map();
    for (let number = 0; ;) {
      const head = this.byte();
      const type = head & 0x0f;
      if (type === STOP) return fields;
      number = head >> 4 === 0 ? this.whole() : number + (head >> 4);
      fields.set(number, this.element(type, depth));
    }
  }
}

/**
 * Reads the struct that bytes begin with.
 * @returns its fields, and its length in bytes
 * @throws RangeError where it is damaged
 */
export function thriftStruct(bytes: Buffer): { fields: ThriftStruct; length: number } {
  const reader = new ThriftReader(bytes);
  const fields = reader.struct();
  return { fields, length: reader.at };
}
