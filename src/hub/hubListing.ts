import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import * as z from "zod";
import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import { hubRequest, type HubPlace } from "./hubRequest.ts";

/** A repository of the Hugging Face Hub at a revision. */
export interface HubRepository {
  /** OWNER/NAME. */
  name: string;
  kind: "model" | "dataset";
  /** A branch, a tag or a commit. */
  revision: string;
}
/** A file of a repository. */
export interface HubFile {
  /** Its path in the repository, separated by /. */
  path: string;
  /** Its size in bytes. */
  size: number;
  /** The SHA-256 of a file in Git LFS, else the SHA-1 of the git blob. */
  hash: { algorithm: "sha256" | "git"; hex: string };
}

/** Limits of a listing: a faulty server could send pages without end. */
const MOST_PAGES = 200;
const MOST_FILES = 100_000;
const MOST_BYTES = 32 * 1024 * 1024;
/** The longest component of a path in bytes that all file systems accept. */
const LONGEST_NAME = 200;
const LONGEST_PATH = 1000;

const hex = (length: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-f]{${length}}$`));
const Revision = z.object({ sha: hex(40) });
const Entry = z.object({
  type: z.string(),
  path: z.string(),
  size: z.number().int().nonnegative().default(0),
  oid: hex(40),
  lfs: z.object({ oid: hex(64), size: z.number().int().nonnegative() }).optional(),
});
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** Whether a relative path stays inside its folder and is valid on every operating system. */
export const isSafePath = (path: string): boolean =>
  path !== "" &&
  path.length <= LONGEST_PATH &&
  path
    .split("/")
    .every(
      (part) =>
        part !== "" &&
        Buffer.byteLength(part) <= LONGEST_NAME &&
        part !== "." &&
        part !== ".." &&
        !RESERVED.test(part) &&
        !/[\\:*?"<>|\u0000-\u001f]|[. ]$/.test(part),
    );

/**
 * Reads the text of a response of limited size. Returns undefined if the connection breaks.
 * @throws UserError when the response is too long
 */
async function bodyOf(
  response: Response,
  { place, url }: { place: HubPlace; url: string },
): Promise<string | undefined> {
  const parts: Uint8Array[] = [];
  const body = response.body === null ? [] : Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
  let length = 0;
  try {
    for await (const part of body as AsyncIterable<Uint8Array>) {
      if ((length += part.length) > MOST_BYTES)
        throw new UserError(
          "hub-answer-too-large",
          phrase`${url} answered with more than ${MOST_BYTES} bytes`,
          phrase`Check HF_ENDPOINT.`,
        );
      parts.push(part);
    }
  } catch (error) {
    if (place.signal.aborted || error instanceof UserError) throw error;
    return undefined;
  }
  return Buffer.concat(parts).toString("utf8");
}

const parsed = (text: string | undefined): unknown => {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
};

async function json<T>(
  place: HubPlace,
  url: string,
  schema: z.ZodType<T>,
): Promise<{ value: T; next: string | undefined }> {
  const response = await hubRequest(place, url);
  const answer = schema.safeParse(parsed(await bodyOf(response, { place, url })));
  if (!answer.success)
    throw new UserError(
      "hub-answer-malformed",
      phrase`${url} did not answer as the Hub does: ${answer.error.issues[0]?.path.join(".") ?? ""} ${answer.error.issues[0]?.message ?? ""}`,
      phrase`Check HF_ENDPOINT.`,
    );
  const link = /<([^>]+)>\s*;\s*rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
  return {
    value: answer.data,
    next: link !== undefined && URL.canParse(link, url) ? new URL(link, url).href : undefined,
  };
}

/**
 * Returns the commit that a revision names now, and the commit's files.
 * @throws UserError when the repository does not exist or is not accessible, a path is not safe, or the answer is not
 * the Hub's
 */
export async function listRepository(
  place: HubPlace,
  { name, kind, revision }: HubRepository,
): Promise<{ commit: string; files: HubFile[] }> {
  if (!/^[\w.-]+(\/[\w.-]+)?$/.test(name))
    throw new UserError("hub-name-malformed", phrase`"${name}" is no repository of the Hub`, phrase`Write owner/name.`);
  const api = `${place.endpoint}/api/${kind}s/${name}`;
  const {
    value: { sha },
  } = await json(place, `${api}/revision/${encodeURIComponent(revision)}`, Revision);
  const files: HubFile[] = [];
  let pages = 0;
  for (let url: string | undefined = `${api}/tree/${sha}?recursive=true`; url !== undefined;) {
    if (++pages > MOST_PAGES || files.length > MOST_FILES)
      throw new UserError(
        "hub-too-many-files",
        phrase`${name} has more files than can be listed`,
        phrase`Check HF_ENDPOINT, or load the files by other means.`,
      );
    const page: { value: z.output<typeof Entry>[]; next: string | undefined } = await json(place, url, z.array(Entry));
    for (const { type, path, size, oid, lfs } of page.value) {
      if (type !== "file") continue;
      if (!isSafePath(path))
        throw new UserError(
          "hub-file-name-unsafe",
          phrase`${name} has a file "${path}", whose name leads out of its folder or is not allowed on every system`,
          phrase`Leave this repository alone.`,
        );
      files.push({
        path,
        size: lfs?.size ?? size,
        hash: lfs === undefined ? { algorithm: "git", hex: oid } : { algorithm: "sha256", hex: lfs.oid },
      });
    }
    url = page.next;
  }
  return { commit: sha, files };
}

/** Returns the URL of a file of a commit. */
export const fileUrl = ({ endpoint }: HubPlace, { name, kind }: HubRepository, commit: string, path: string): string =>
  `${endpoint}/${kind === "dataset" ? "datasets/" : ""}${name}/resolve/${commit}/${path.split("/").map(encodeURIComponent).join("/")}`;
