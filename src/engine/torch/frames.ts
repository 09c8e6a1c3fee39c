import type { HostTensor } from "../program.ts";

/** Opens every frame: "ADPT" in little-endian order. */
const MAGIC = 0x54504441;
const HEAD_BYTES = 16;
/** The longest header and data that are believed; longer ones mean that the stream is not one of frames. */
const LONGEST_HEADER = 2 ** 28;
const LONGEST_DATA = 2 ** 38;
/** Data of tensors start at multiples of it. */
const ALIGNED = 8;

/** A call or an answer: a JSON header, and the bytes of its tensors. */
export interface Frame {
  header: unknown;
  data: Buffer;
}

const bytesOf = ({ data }: Pick<HostTensor, "data">): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** The element type of a tensor on the host; bytes are bools. */
export function typeOf({ data }: Pick<HostTensor, "data">): "float32" | "int32" | "bool" {
  if (data instanceof Float32Array) return "float32";
  return data instanceof Int32Array ? "int32" : "bool";
}

/** A tensor's form in a header; `at` is the first byte of its data. */
export interface TensorForm {
  name: string;
  type: "float32" | "int32" | "bool";
  dims: readonly number[];
  at: number;
}

/** Places tensors behind one another: their forms, and the pieces of data that are to be written. */
export function placed(tensors: Readonly<Record<string, HostTensor>>): { forms: TensorForm[]; pieces: Uint8Array[] } {
  const forms: TensorForm[] = [];
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const [name, tensor] of Object.entries(tensors)) {
    const bytes = bytesOf(tensor);
    forms.push({ name, type: typeOf(tensor), dims: [...tensor.dims], at });
    const gap = (ALIGNED - (bytes.length % ALIGNED)) % ALIGNED;
    pieces.push(bytes, ...(gap > 0 ? [new Uint8Array(gap)] : []));
    at += bytes.length + gap;
  }
  return { forms, pieces };
}

/** The bytes that a frame begins with, up to its data. */
export function frameStart(header: unknown, pieces: readonly Uint8Array[]): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(MAGIC, 0);
  head.writeUInt32LE(text.length, 4);
  head.writeBigUInt64LE(BigInt(pieces.reduce((sum, { length }) => sum + length, 0)), 8);
  return Buffer.concat([head, text]);
}

/**
 * Reads a stream of frames that follows a token. What comes before the token was printed by others, as by a Python's
 * own start, and is dropped.
 *
 * Chunks are kept until a whole frame is there, and joined once.
 */
export class FrameReader {
  private chunks: Buffer[] = [];
  private length = 0;
  private wanted = 0;
  private isOpen = false;

  constructor(private readonly token: string) {}

  /**
   * Adds a chunk; returns the frames that are whole.
   * @throws RangeError where the stream is not one of frames
   */
  push(chunk: Buffer): Frame[] {
    this.chunks.push(chunk);
    this.length += chunk.length;
    const frames: Frame[] = [];
    while (this.length >= this.wanted) {
      const all = this.joined();
      const read = this.isOpen ? this.frame(all) : this.opened(all);
      if (read === undefined) break;
      if (read.frame !== undefined) frames.push(read.frame);
      this.keep(all.subarray(read.end));
    }
    return frames;
  }

  private joined(): Buffer {
    const [first] = this.chunks;
    const all = this.chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.chunks);
    this.chunks = [all];
    return all;
  }

  private keep(rest: Buffer): void {
    this.chunks = rest.length === 0 ? [] : [rest];
    this.length = rest.length;
    this.wanted = this.isOpen ? HEAD_BYTES : 0;
  }

  private opened(all: Buffer): { end: number; frame?: undefined } | undefined {
    const at = all.indexOf(this.token);
    const length = Buffer.byteLength(this.token);
    if (at >= 0) {
      this.isOpen = true;
      return { end: at + length };
    }
    // However much was printed before the token, only what may be its beginning is kept.
    this.keep(all.subarray(Math.max(0, all.length - length + 1)));
    this.wanted = length;
    return undefined;
  }

  private frame(all: Buffer): { end: number; frame: Frame } | undefined {
    if (all.length < HEAD_BYTES) {
      this.wanted = HEAD_BYTES;
      return undefined;
    }
    const headerLength = all.readUInt32LE(4);
    const dataLength = Number(all.readBigUInt64LE(8));
    if (all.readUInt32LE(0) !== MAGIC || headerLength > LONGEST_HEADER || dataLength > LONGEST_DATA)
      throw new RangeError("what the process sent is not a frame");
    const from = HEAD_BYTES + headerLength;
    const end = from + dataLength;
    if (all.length < end) {
      this.wanted = end;
      return undefined;
    }
    const header: unknown = JSON.parse(all.subarray(HEAD_BYTES, from).toString());
    return { end, frame: { header, data: all.subarray(from, end) } };
  }
}
