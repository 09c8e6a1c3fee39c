import * as z from "zod";
import { UserError } from "../experiment/errors.ts";
import { hubRequest, type HubPlace } from "./hubRequest.ts";

/** `revision`: a branch, a tag or a commit. */
export interface HubRepository { name: string; kind: "model" | "dataset"; revision: string }
/** A file of a repository; `hash` is git's of the blob, or SHA-256 where the file is kept by LFS. */
export interface HubFile { path: string; size: number; hash: { algorithm: "sha256" | "git"; hex: string } }

const hex = (length: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-f]{${length}}$`));
const Revision = z.object({ sha: hex(40) });
const Entry = z.object({ type: z.string(), path: z.string(), size: z.number().int().nonnegative().default(0), oid: hex(40), lfs: z.object({ oid: hex(64), size: z.number().int().nonnegative() }).optional() });
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** Whether a name stays inside the folder it is put into, on every system. */
export const isSafePath = (path: string): boolean => path !== "" && path.split("/").every((part) => part !== "" && part !== "." && part !== ".." && !RESERVED.test(part) && !/[\\:*?"<>|\u0000-\u001f]|[. ]$/.test(part));

async function json<T>(place: HubPlace, url: string, schema: z.ZodType<T>): Promise<{ value: T; next: string | undefined }> {
  const response = await hubRequest(place, url);
  const parsed = schema.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success) throw new UserError(`${url} did not answer as the Hub does: ${parsed.error.issues[0]?.path.join(".") ?? ""} ${parsed.error.issues[0]?.message ?? ""}`, "Check HF_ENDPOINT.");
  const link = /<([^>]+)>\s*;\s*rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
  return { value: parsed.data, next: link === undefined ? undefined : new URL(link, url).href };
}

/**
 * The commit that a revision is now, and its files.
 * @throws UserError when there is no such repository, it is not open, or a name leads out of the folder
 */
export async function listRepository(place: HubPlace, { name, kind, revision }: HubRepository): Promise<{ commit: string; files: HubFile[] }> {
  if (!/^[\w.-]+(\/[\w.-]+)?$/.test(name)) throw new UserError(`"${name}" is no repository of the Hub`, "Write owner/name.");
  const api = `${place.endpoint}/api/${kind}s/${name}`;
  const { value: { sha } } = await json(place, `${api}/revision/${encodeURIComponent(revision)}`, Revision);
  const files: HubFile[] = [];
  for (let url: string | undefined = `${api}/tree/${sha}?recursive=true`; url !== undefined;) {
    const page: { value: z.output<typeof Entry>[]; next: string | undefined } = await json(place, url, z.array(Entry));
    for (const { type, path, size, oid, lfs } of page.value) {
      if (type !== "file") continue;
      if (!isSafePath(path)) throw new UserError(`${name} has a file "${path}", whose name leads out of its folder or cannot be kept`, "Leave this repository alone.");
      files.push({ path, size: lfs?.size ?? size, hash: lfs === undefined ? { algorithm: "git", hex: oid } : { algorithm: "sha256", hex: lfs.oid } });
    }
    url = page.next;
  }
  return { commit: sha, files };
}

/** Where a file of a commit is loaded from. */
export const fileUrl = ({ endpoint }: HubPlace, { name, kind }: HubRepository, commit: string, path: string): string => `${endpoint}/${kind === "dataset" ? "datasets/" : ""}${name}/resolve/${commit}/${path.split("/").map(encodeURIComponent).join("/")}`;
