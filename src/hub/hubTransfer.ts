import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { UserError } from "../base/errors.ts";
import { explainWrite } from "../base/files/atomicFile.ts";
import { phrase } from "../base/phrase.ts";
import type { HubFile } from "./hubListing.ts";
import { hubRequest, type HubPlace } from "./hubRequest.ts";

const BROKEN_OFF = 5;

async function hashOf(path: string, { size, hash }: HubFile): Promise<string> {
  const digest = createHash(hash.algorithm === "git" ? "sha1" : "sha256");
  if (hash.algorithm === "git") digest.update(`blob ${size}\0`);
  for await (const part of createReadStream(path)) digest.update(part as Buffer);
  return digest.digest("hex");
}

const sizeOf = (path: string): number => (existsSync(path) ? statSync(path).size : 0);

/**
 * Appends the body of a response to a partial file, up to `most` bytes in all.
 * @returns false if the connection broke
 */
async function append(
  response: Response,
  { part, most }: { part: string; most: number },
  place: HubPlace,
  onBytes: (bytes: number) => void,
): Promise<boolean> {
  const file = await open(part, response.status === 206 ? "a" : "w");
  let length = response.status === 206 ? sizeOf(part) : 0;
  try {
    const body = response.body === null ? [] : Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
    for await (const bytes of body as AsyncIterable<Uint8Array>) {
      // A server that sends more than it announced would fill the disk.
      if ((length += bytes.length) > most) return true;
      try {
        await file.writeFile(bytes);
      } catch (error) {
        throw explainWrite(error, part);
      }
      onBytes(bytes.length);
    }
    await file.sync();
    return true;
  } catch (error) {
    if (place.signal.aborted || error instanceof UserError || (error as NodeJS.ErrnoException).syscall !== undefined)
      throw error;
    return false;
  } finally {
    await file.close();
  }
}

/**
 * Downloads one file: continues a partial file, compares the checksum, and only then gives the file its name.
 * @param onBytes called with the size of each received piece; with a negative size if the server starts from the
 * beginning
 * @throws UserError when the checksum is wrong, the disk is full, or the connection keeps breaking
 */
export async function transferFile(
  place: HubPlace,
  file: HubFile,
  { url, target }: { url: string; target: string },
  onBytes: (bytes: number) => void,
): Promise<void> {
  // The partial file's name contains the hash, so that the file of another revision starts anew.
  const part = `${target}.${file.hash.hex.slice(0, 12)}.part`;
  mkdirSync(dirname(target), { recursive: true });
  onBytes(sizeOf(part));
  for (let attempt = 1; sizeOf(part) < file.size || !existsSync(part); attempt++) {
    const have = sizeOf(part);
    if (attempt > BROKEN_OFF)
      throw new UserError(
        "download-broken-off",
        phrase`${url} broke off ${BROKEN_OFF} times`,
        phrase`Try again: the download goes on where it was.`,
      );
    const response = await hubRequest(place, url, {
      "accept-encoding": "identity",
      ...(have > 0 && { range: `bytes=${have}-` }),
    });
    if (response.status === 416) {
      await response.body?.cancel();
      rmSync(part);
      onBytes(-have);
      continue;
    }
    if (response.status !== 206 && have > 0) onBytes(-have);
    const whole = await append(response, { part, most: file.size }, place, onBytes);
    if (sizeOf(part) > have) attempt = 1;
    if (whole && sizeOf(part) !== file.size) break;
  }
  if (sizeOf(part) !== file.size || (await hashOf(part, file)) !== file.hash.hex) {
    rmSync(part, { force: true });
    throw new UserError(
      "download-checksum-differs",
      phrase`${url} is not what the Hub says it is: size or checksum differ`,
      phrase`Try again; if it stays so, the server or a proxy changes the file.`,
    );
  }
  renameSync(part, target);
}
