import { closeSync, openSync, readSync } from "node:fs";

/** Bytes that are read ahead where a file is read in order. */
const WINDOW = 1 << 20;
/** A reading is in order if it begins no further behind the one before. */
const NEAR = 1 << 16;

/** A file that is read at places: in one read call each, or where that is in order, ahead in larger parts. */
export class WindowedFile {
  private readonly fd: number;
  private window = Buffer.alloc(0);
  private start = 0;
  private end = 0;
  private last = -1;

  constructor(path: string) {
    this.fd = openSync(path, "r");
  }

  close(): void {
    closeSync(this.fd);
  }

  /** Fills bytes from a place on; returns false where the file ends before. */
  read(from: number, into: Uint8Array): boolean {
    const isNear = this.last >= 0 && from >= this.last && from - this.last < NEAR;
    this.last = from + into.length;
    if (into.length > WINDOW / 4 || (!isNear && !this.holds(from, into.length))) return this.direct(from, into);
    if (!this.holds(from, into.length)) {
      if (this.window.length === 0) this.window = Buffer.alloc(WINDOW);
      this.start = from;
      this.end = from + readSync(this.fd, this.window, 0, WINDOW, from);
      if (!this.holds(from, into.length)) return this.direct(from, into);
    }
    into.set(this.window.subarray(from - this.start, from - this.start + into.length));
    return true;
  }

  private holds(from: number, length: number): boolean {
    return from >= this.start && from + length <= this.end;
  }

  private direct(from: number, into: Uint8Array): boolean {
    for (let done = 0; done < into.length;) {
      const read = readSync(this.fd, into, done, into.length - done, from + done);
      if (read === 0) return false;
      done += read;
    }
    return true;
  }
}
