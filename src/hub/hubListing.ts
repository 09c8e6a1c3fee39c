import * as z from "zod";
import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import { hubJson } from "./hubJson.ts";
import type { HubPlace } from "./hubRequest.ts";

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
  } = await hubJson(place, `${api}/revision/${encodeURIComponent(revision)}`, Revision);
  const files: HubFile[] = [];
  let pages = 0;
  for (let url: string | undefined = `${api}/tree/${sha}?recursive=true`; url !== undefined;) {
    if (++pages > MOST_PAGES || files.length > MOST_FILES)
      throw new UserError(
        "hub-too-many-files",
        phrase`${name} has more files than can be listed`,
        phrase`Check HF_ENDPOINT, or load the files by other means.`,
      );
    const page: { value: z.output<typeof Entry>[]; next: string | undefined } = await hubJson(
      place,
      url,
      z.array(Entry),
    );
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
