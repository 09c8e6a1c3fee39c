import protobuf from "protobufjs/minimal.js";

type Writer = protobuf.Writer;
const tag = (field: number, wire: number): number => (field << 3) | wire;

/** Writes the fields of one message of protocol buffers, by their numbers; serialises like the official library. */
export class ProtoFields {
  private readonly writer: Writer = protobuf.Writer.create();

  /** A whole number, an enumeration or a truth value: as wide as it needs. */
  int(field: number, value: number): this {
    this.writer.uint32(tag(field, 0)).int64(value);
    return this;
  }
  double(field: number, value: number): this {
    this.writer.uint32(tag(field, 1)).double(value);
    return this;
  }
  float(field: number, value: number): this {
    this.writer.uint32(tag(field, 5)).float(value);
    return this;
  }
  /** A text; half of a surrogate pair, which UTF-8 does not have, becomes U+FFFD. */
  text(field: number, value: string): this {
    this.writer.uint32(tag(field, 2)).bytes(Buffer.from(value, "utf8"));
    return this;
  }
  message(field: number, value: ProtoFields): this {
    this.writer.uint32(tag(field, 2)).bytes(value.bytes());
    return this;
  }
  /** The serialised message; the fields are given away with it. */
  bytes(): Uint8Array {
    return this.writer.finish();
  }
}

/** A message with the fields that `write` adds. */
export function proto(write: (fields: ProtoFields) => void): ProtoFields {
  const fields = new ProtoFields();
  write(fields);
  return fields;
}

/** google.protobuf.Value of a setting. */
export const protoValue = (value: string | number | boolean): ProtoFields =>
  proto((fields) => {
    if (typeof value === "number") fields.double(2, value);
    else if (typeof value === "string") fields.text(3, value);
    else fields.int(4, value ? 1 : 0);
  });
