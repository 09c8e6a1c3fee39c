import { readSync } from "node:fs";
import { phrase, type Phrase } from "../../base/phrase.ts";
import { malformed, tooMuch, truncated } from "./ggufErrors.ts";

/** Bytes that are read of the file at a time. */
const WINDOW = 1024 * 1024;
/** The most bytes of metadata and tensor infos: those of a model with 262,144 tokens take 15 MB. */
const MOST_BYTES = 128 * 1024 * 1024;

const HIGH = 2 ** 32;

/** Reads the values of an open file from its beginning on, little-endian, through a window on the file. */
export class GgufWindow {
  private window = Buffer.alloc(0);
  /** The place of the window's first byte in the file. */
  private start = 0;
  /** The place of the next byte in the window. */
  private at = 0;
  private view = new DataView(this.window.buffer);

  constructor(
    readonly path: string,
    private readonly fd: number,
    readonly size: number,
  ) {}

  /** The place of the next byte in the file. */
  get position(): number {
    return this.start + this.at;
  }

  /** Bytes behind the next one, that one included. */
  get left(): number {
    return this.size - this.position;
  }

  /**
   * Makes `bytes` bytes be in the window.
   * @returns the place of the first in the window; the next byte is the one behind them
   * @throws UserError where the file ends before, or where too much is read
   */
  private take(bytes: number, what: Phrase): number {
    const from = this.at;
    if (from + bytes <= this.window.length) {
      this.at += bytes;
      return from;
    }
    if (bytes > this.left) throw truncated(this.path, what);
    if (this.position + bytes > MOST_BYTES)
      throw tooMuch(this.path, phrase`its metadata have more than ${MOST_BYTES} bytes`);
    this.start += from;
    const window = Buffer.allocUnsafeSlow(Math.min(Math.max(bytes, WINDOW), this.size - this.start));
    for (let done = 0; done < window.length;) {
      const read = readSync(this.fd, window, done, window.length - done, this.start + done);
      if (read === 0) throw truncated(this.path, what);
      done += read;
    }
    this.window = window;
    this.view = new DataView(window.buffer);
    this.at = bytes;
    return 0;
  }

  /** Bytes of the file, valid until the next call. */
  bytes(count: number, what: Phrase): Buffer {
    const from = this.take(count, what);
    return this.window.subarray(from, from + count);
  }

  /** Numbers of the file, valid until the next call. */
  numbers(bytes: number, what: Phrase): DataView {
    const from = this.take(bytes, what);
    return new DataView(this.window.buffer, from, bytes);
  }

  u32(what: Phrase): number {
    const from = this.take(4, what);
    return this.view.getUint32(from, true);
  }

  /** An unsigned integer of 64 bits. @throws UserError where it is beyond 2^53 - 1 */
  u64(what: Phrase): number {
    const from = this.take(8, what);
    const value = this.view.getUint32(from + 4, true) * HIGH + this.view.getUint32(from, true);
    if (!Number.isSafeInteger(value)) throw malformed(this.path, phrase`the number of ${what} is beyond 2^53`);
    return value;
  }

  /**
   * A string: its length in bytes, then UTF-8. Bytes that are no UTF-8 become U+FFFD.
   * @param most the most bytes
   */
  text(most: number, what: Phrase): string {
    const length = this.u64(what);
    if (length > this.left) throw truncated(this.path, what);
    if (length > most) throw malformed(this.path, phrase`${what} has ${length} bytes; at most ${most} are read`);
    const from = this.take(length, what);
    return this.window.toString("utf8", from, from + length);
  }
}
