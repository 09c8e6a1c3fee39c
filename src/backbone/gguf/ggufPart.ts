import { closeSync } from "node:fs";
import { UserError } from "../../base/errors.ts";
import { openPlain } from "../../base/files/boundedFile.ts";
import { phrase } from "../../base/phrase.ts";
import { malformed, tooMuch, truncated } from "./ggufErrors.ts";
import { GgufMetadata } from "./ggufMetadata.ts";
import { readValues } from "./ggufValues.ts";
import { GgufWindow } from "./ggufWindow.ts";

/** The most tensors; models with many experts have some ten thousand. */
const MOST_TENSORS = 100_000;
/** The longest name of a tensor in bytes; ggml itself has 63. */
const LONGEST_NAME = 1024;
/** The fewest bytes that a file says of a tensor: length of the name, number of dims, a dim, type, offset. */
const LEAST_BYTES = 32;
/** Where tensors begin, in bytes, unless the metadata say otherwise. */
const ALIGNMENT = 32;

/** What a file says of a tensor. */
export interface StoredInfo {
  name: string;
  /** The number of the type. */
  type: number;
  /** As they are stored: innermost first. */
  dims: number[];
  /** The first byte, from the beginning of the data. */
  offset: number;
}

/** One file, all but the data. */
export interface GgufPart {
  path: string;
  /** Bytes of the file. */
  size: number;
  metadata: GgufMetadata;
  tensors: StoredInfo[];
  /** The first byte of the data, and what the offsets of tensors are multiples of. */
  data: number;
  alignment: number;
}

/** Checks the first 8 bytes: the file's mark and its version. */
function checkVersion(window: GgufWindow): void {
  const { path } = window;
  if (window.size < 8 || window.bytes(4, phrase`the header`).toString("latin1") !== "GGUF")
    throw new UserError(
      "file-not-gguf",
      phrase`${path} is no GGUF file: it does not begin with the letters GGUF`,
      phrase`Check that it is the file that was meant, and download or copy it again.`,
    );
  const version = window.u32(phrase`the header`);
  if ((version & 0xffff) === 0 && version !== 0)
    throw new UserError(
      "gguf-big-endian",
      phrase`${path} is a GGUF file for big-endian machines, which is not read`,
      phrase`Take the little-endian file of the same model, or convert it with gguf_convert_endian.py of llama.cpp.`,
    );
  if (version !== 2 && version !== 3)
    throw new UserError(
      "gguf-version",
      phrase`${path} is a GGUF file of version ${version}; versions 2 and 3 are read`,
      phrase`Take a file of the same model of version 3, or convert the model with the current llama.cpp.`,
    );
}

function readInfo(window: GgufWindow): StoredInfo {
  const name = window.text(LONGEST_NAME, phrase`the list of tensors`);
  const what = phrase`the description of tensor "${name}"`;
  const count = window.u32(what);
  if (count < 1 || count > 4)
    throw malformed(window.path, phrase`tensor "${name}" has ${count} dimensions; 1 to 4 are possible`);
  const dims = Array.from({ length: count }, () => window.u64(what));
  return { name, dims, type: window.u32(what), offset: window.u64(what) };
}

function readInfos(window: GgufWindow, count: number): StoredInfo[] {
  if (count * LEAST_BYTES > window.left) throw truncated(window.path, phrase`the list of tensors`);
  if (count > MOST_TENSORS) throw tooMuch(window.path, phrase`it has ${count} tensors`);
  return Array.from({ length: count }, () => readInfo(window));
}

function alignmentOf(metadata: GgufMetadata): number {
  const alignment = metadata.number("general.alignment") ?? ALIGNMENT;
  if (!Number.isInteger(Math.log2(alignment)) || alignment < 1 || alignment > 2 ** 31)
    throw malformed(metadata.path, phrase`general.alignment is ${alignment}, not a power of 2`);
  return alignment;
}

/**
 * Reads what a file says before its data.
 * @throws UserError naming the file where it cannot be read, is no GGUF file of version 2 or 3, or is damaged
 */
export function readPart(path: string): GgufPart {
  const { fd, size } = openPlain(path);
  try {
    const window = new GgufWindow(path, fd, size);
    checkVersion(window);
    const tensorCount = window.u64(phrase`the header`);
    const metadata = new GgufMetadata(path, readValues(window, window.u64(phrase`the header`)));
    const tensors = readInfos(window, tensorCount);
    const alignment = alignmentOf(metadata);
    const data = Math.ceil(window.position / alignment) * alignment;
    return { path, size, metadata, tensors, data, alignment };
  } finally {
    closeSync(fd);
  }
}
