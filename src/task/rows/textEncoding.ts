import { isUtf8 } from "node:buffer";
import { UserError } from "../../base/errors.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";

/** Bytes in which NULs and line breaks are counted. */
const LOOKED_AT = 1 << 20;
/** The encoding's name in an experiment, and how it is named to people. */
const NAMES: Readonly<Record<string, string>> = {
  "utf-16le": "UTF-16 (little-endian)",
  "utf-16be": "UTF-16 (big-endian)",
  "windows-1252": "Latin-1 (Windows-1252)",
};
/** Of the letters of a text in Latin script, about this share at most is not ASCII. */
const MOST_ACCENTED = 0.3;
/** Bytes that are no character of Windows-1252. */
const UNUSED = [0x81, 0x8d, 0x8f, 0x90, 0x9d];

/** How a file's bytes are read as text, and what the user should know of it. */
export interface Decoding {
  encoding: string;
  note?: Phrase | undefined;
}

const said = (path: string, encoding: string): Decoding => ({
  encoding,
  note: phrase`${path} is no UTF-8: it is read as ${NAMES[encoding]!}. If letters look wrong, set its encoding (task.encoding, or --encoding of evaluate), or save it as UTF-8.`,
});

/** The encoding of UTF-16 without a mark, by where its NULs and line breaks stand; undefined where it is none. */
function bareUtf16(bytes: Buffer): "utf-16le" | "utf-16be" | undefined {
  const some = bytes.subarray(0, Math.min(LOOKED_AT, bytes.length) & ~1);
  const nuls = [0, 0];
  let breaks = 0;
  const wide = { "utf-16le": 0, "utf-16be": 0 };
  for (let at = 0; at < some.length; at++) {
    if (some[at] === 0) nuls[at % 2]!++;
    if (some[at] !== 10 && some[at] !== 13) continue;
    breaks++;
    if (at % 2 === 0 && some[at + 1] === 0) wide["utf-16le"]++;
    if (at % 2 === 1 && some[at - 1] === 0) wide["utf-16be"]++;
  }
  const [even, odd] = nuls as [number, number];
  const encoding = odd > even ? "utf-16le" : "utf-16be";
  const few = Math.min(even, odd);
  const many = Math.max(even, odd);
  if (many < 2 || few > many * 0.05) return undefined;
  const isWide = breaks === 0 ? many > some.length * 0.2 : wide[encoding] >= breaks * 0.8;
  return isWide ? encoding : undefined;
}

/** Whether bytes are likely text of a language in Latin script, each letter a byte. */
function isLatin(bytes: Buffer): boolean {
  let plain = 0;
  let accented = 0;
  for (const byte of bytes) {
    if (UNUSED.includes(byte)) return false;
    if (byte >= 0xc0) accented++;
    else if ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a) plain++;
  }
  return accented <= (plain + accented) * MOST_ACCENTED;
}

/** How many characters of several bytes are whole UTF-8, and how many bytes are part of none. */
function utf8Counts(bytes: Buffer): { whole: number; stray: number } {
  const counts = { whole: 0, stray: 0 };
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte < 0x80) continue;
    const length = [0xe0, 0xf0, 0xf8].findIndex((above) => byte < above) + 2;
    const isWhole = byte >= 0xc2 && length > 1 && isUtf8(bytes.subarray(at, at + length));
    if (isWhole) {
      counts.whole++;
      at += length - 1;
    } else counts.stray++;
  }
  return counts;
}

/** The line that is the first one to be no UTF-8. @param first the line with which the bytes begin */
function badLine(bytes: Buffer, first: number): number {
  let line = first;
  for (let from = 0; ; line++) {
    const end = bytes.indexOf(10, from);
    if (end < 0 || !isUtf8(bytes.subarray(from, end))) return line;
    from = end + 1;
  }
}

/**
 * @param first the line of the file with which the bytes begin
 * @throws UserError where a text has NULs, which no text has
 */
function refuseNul(bytes: Buffer, path: string, first = 1): void {
  const at = bytes.indexOf(0);
  if (at < 0) return;
  const line = bytes.subarray(0, at).reduce((count, byte) => count + Number(byte === 10), first);
  throw new UserError(
    "data-line-nul",
    phrase`${path}:${line}: the line has NUL characters, which no text has`,
    phrase`The file is damaged, or of another kind: copy or download it again.`,
  );
}

/**
 * Finds out how a file's bytes are read as text: as UTF-8 where they are that, as UTF-16 where a mark or their NULs say
 * so, and as Latin-1 where the letters are those of a language in Latin script.
 * @param bytes the file, or its beginning up to the end of a line
 * @throws UserError naming the line where a UTF-8 text is damaged, or the encoding is not known
 */
export function decodingOf(bytes: Buffer, path: string): Decoding {
  const mark = bytes.subarray(0, 4).toString("hex");
  if (mark === "fffe0000" || mark === "0000feff")
    throw new UserError("data-file-utf32", phrase`${path} is UTF-32, not UTF-8`, phrase`Save it as UTF-8.`);
  if (mark.startsWith("fffe")) return said(path, "utf-16le");
  if (mark.startsWith("feff")) return said(path, "utf-16be");
  if (bytes.includes(0)) {
    const bare = bareUtf16(bytes);
    if (bare !== undefined) return said(path, bare);
    refuseNul(bytes, path);
  }
  if (isUtf8(bytes)) return { encoding: "utf-8" };
  const { whole, stray } = utf8Counts(bytes);
  if (whole <= stray && isLatin(bytes)) return said(path, "windows-1252");
  throw notUtf8(bytes, path);
}

const notUtf8 = (bytes: Buffer, path: string, first = 1): UserError =>
  new UserError(
    "data-line-not-utf8",
    phrase`${path}:${badLine(bytes, first)}: the line is not UTF-8 text`,
    phrase`Save the file as UTF-8, or set task.encoding to its encoding (such as "windows-1251").`,
  );

/**
 * Decodes bytes of an encoded text one part after another; characters that the last part's end cuts are left out.
 * @returns a function that throws a UserError where the bytes are not of the encoding
 */
export function partDecoder(encoding: string, path: string): (bytes: Uint8Array) => string {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  return (bytes) => {
    try {
      return decoder.decode(bytes, { stream: true });
    } catch (error) {
      throw new UserError(
        "data-file-encoding",
        phrase`${path} cannot be read as ${encoding}: ${(error as Error).message}`,
        phrase`Set task.encoding to its encoding, or save the file as UTF-8.`,
      );
    }
  };
}

/**
 * Decodes bytes, without a byte-order mark; lines that end with a carriage return alone end with a line feed.
 * @throws UserError where the bytes are not of the encoding
 */
export function decoded(bytes: Buffer, encoding: string, path: string): string {
  const isPlain = encoding === "utf-8";
  if (isPlain && !isUtf8(bytes)) throw notUtf8(bytes, path);
  // Node's own conversion is the fastest for the usual case.
  const whole = isPlain ? bytes.toString("utf8") : partDecoder(encoding, path)(bytes);
  const text = whole.replace(/^\uFEFF/, "");
  return text.includes("\n") ? text : text.replaceAll("\r", "\n");
}

/**
 * The text of whole lines in UTF-8 from within a file.
 * @param first the line of the file with which they begin
 * @throws UserError naming the line where they are not that
 */
export function lineText(bytes: Buffer, path: string, first: number): string {
  refuseNul(bytes, path, first);
  if (!isUtf8(bytes)) throw notUtf8(bytes, path, first);
  return bytes.toString("utf8");
}
