import type { FileDigest } from "../../base/fileDigest.ts";
import type { InputDigest } from "../../record/events.ts";
import { inputChanges, type BlobDigest } from "../files/blobDigest.ts";
import { looksSecret, MAX_FILE, MAX_TOTAL } from "./gitSnapshot.ts";
import type { GitStore } from "./gitStore.ts";
import { besidePath, checkOut } from "./trainedBytes.ts";

/** The largest file (bytes) that is kept outside git; of a larger one only the digest is recorded. */
const MOST_STORED = 256 * 1024 * 1024;
/** The same for a file behind a symbolic link that leads out of the repository, as links to shared models do. */
const MOST_LINKED = MAX_TOTAL;

/** An input file as it was read. */
export interface ReadInput {
  /** Its path on disk. */
  source: string;
  /** Its path inside the repository; undefined outside. */
  path: string | undefined;
  digest: BlobDigest;
  /** Whether a symbolic link of the repository leads to it, out of the repository. */
  isLinked: boolean;
}

/** A file's entry in an index. */
interface Entry {
  mode: string;
  object: string;
}

/** Keeps the input files of a run with the bytes that were read, where the snapshot's index has others or none. */
export class InputKeeper {
  private entries = new Map<string, Entry>();
  /** Bytes added to the commit. */
  private added = 0;

  /** @param index the private index with the snapshot */
  private constructor(
    private readonly store: GitStore,
    private readonly index: string,
  ) {}

  private get env(): Record<string, string> {
    return { GIT_INDEX_FILE: this.index };
  }

  /** @param paths inside the repository */
  static async open(store: GitStore, index: string, paths: readonly string[]): Promise<InputKeeper> {
    const keeper = new InputKeeper(store, index);
    if (paths.length === 0) return keeper;
    const text = await store.git.run(["ls-files", "-s", "-z", "--", ...paths.map((each) => `:(top,literal)${each}`)], {
      ...keeper.env,
    });
    for (const line of text.split("\0").filter((each) => each !== "")) {
      const [mode = "", object = ""] = line.split(" ");
      keeper.entries.set(line.slice(line.indexOf("\t") + 1), { mode, object });
    }
    return keeper;
  }

  /** The hash of the repository's objects, as far as it matters: of an index without inputs it does not. */
  get algorithm(): "sha1" | "sha256" {
    const [first] = this.entries.values();
    return first?.object.length === 64 ? "sha256" : "sha1";
  }

  /** Whether the index has a file at the path, with whatever content. */
  hasFile(path: string | undefined): boolean {
    return path !== undefined && this.entries.get(path)?.mode.startsWith("100") === true;
  }

  /** Whether the index has the file byte for byte. */
  isExact({ path, digest }: ReadInput): boolean {
    return this.hasFile(path) && this.entries.get(path!)?.object === digest.blob;
  }

  /** Keeps a file's bytes, and says where. */
  async keep(input: ReadInput): Promise<InputDigest> {
    const { sha256, bytes } = input.digest;
    const { path } = input;
    const content = { sha256, bytes };
    if (path === undefined) return { ...content, kept: "none", why: "outside" };
    if (this.isExact(input)) return { ...content, kept: "commit" };
    if (!this.hasFile(path)) return this.stored(input, content, input.isLinked ? "link" : "untracked");
    const why = await this.whyOther(path, input);
    if (why === "filtered" && (await checkOut(this.store, this.index, { path, content }, () => undefined)))
      return { ...content, kept: "filter", why };
    // A filter may encrypt, or take out what must not be published: the commit does not get such a file's own bytes.
    const isSmall = bytes <= MAX_FILE && this.added + bytes <= MAX_TOTAL;
    if (why === "filtered" || !isSmall || looksSecret(path)) return this.stored(input, content, why);
    this.added += bytes;
    const { git } = this.store;
    const blob = await git.line(["hash-object", "-w", "--no-filters", "--end-of-options", input.source]);
    if (blob !== input.digest.blob) throw inputChanges(input.source);
    await git.run(["update-index", "--add", "--cacheinfo", `100644,${blob},${besidePath(content)}`], this.env);
    return { ...content, kept: "beside", why };
  }

  /** Keeps a file outside git, where that is possible. */
  private async stored(
    { source, digest, isLinked }: ReadInput,
    content: FileDigest,
    why: NonNullable<InputDigest["why"]>,
  ): Promise<InputDigest> {
    const { large } = this.store;
    if (looksSecret(source)) return { ...content, kept: "none", why: "secret" };
    if (content.bytes > (isLinked ? MOST_LINKED : MOST_STORED) || !large.hasRoomFor(content.bytes))
      return { ...content, kept: "none", why: "large" };
    if ((await large.keep(source)).sha256 !== digest.sha256) throw inputChanges(source);
    return { ...content, kept: "store", why };
  }

  /** Why the index has other bytes of a file. */
  private async whyOther(path: string, { source }: ReadInput): Promise<"filtered" | "converted" | "unseen"> {
    const { git } = this.store;
    const filter = (await git.run(["check-attr", "-z", "filter", "--", path])).split("\0")[2];
    if (filter !== undefined && !["unspecified", "unset"].includes(filter)) return "filtered";
    const converted = await git.lineOrUndefined(["hash-object", `--path=${path}`, "--end-of-options", source]);
    return converted === this.entries.get(path)?.object ? "converted" : "unseen";
  }
}
