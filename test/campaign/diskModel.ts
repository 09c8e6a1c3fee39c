/** An operation of a process on files below a root. Paths are relative to the root. */
export interface FileOperation {
  pid: number;
  op: "create" | "truncate" | "open" | "close" | "write" | "sync" | "rename" | "link" | "remove" | "mkdir" | "git";
  path?: string;
  to?: string;
  fd?: number;
  appends?: boolean;
  bytes?: string;
  /** Where the bytes are written; without it, where the file stands. */
  position?: number;
}

/** A file: the data that the disk certainly has, and the writes since the last sync. */
class StoredFile {
  synced: Buffer = Buffer.alloc(0);
  length = 0;
  pending: { at: number; bytes: Buffer; /** Whether the write removes all earlier data. */ truncates?: boolean }[] = [];
}
/** A folder: the names that the disk certainly has, and the names that running processes see. */
class StoredFolder {
  readonly synced = new Map<string, StoredFile | StoredFolder>();
  readonly now = new Map<string, StoredFile | StoredFolder>();
}
/** Names that appear and disappear together. A rename is one such change, in one folder or two. */
interface NameChange {
  parts: { folder: StoredFolder; name: string; node: StoredFile | StoredFolder | undefined }[];
}

/**
 * What a power cut keeps of the unsynced operations: for each change of a name whether it is kept, for a file's data
 * which share, and whether its length was stored before its data.
 */
export interface Cut {
  keepsName: () => boolean;
  keepsData: () => number;
  zeros: () => boolean;
}

const apply = (file: StoredFile, share: number, zeros: boolean): Buffer => {
  const total = file.pending.reduce((sum, { bytes }) => sum + bytes.length, 0);
  let left = Math.round(total * share);
  let content = file.synced;
  let full = content.length;
  for (const { at, bytes, truncates } of file.pending) {
    if (truncates === true) full = 0;
    else full = Math.max(full, at + bytes.length);
    if (share === 0 || left < 0) continue;
    if (truncates === true) {
      content = Buffer.alloc(0);
      continue;
    }
    const kept = bytes.subarray(0, left);
    const grown = Buffer.alloc(Math.max(content.length, kept.length === 0 ? 0 : at + kept.length));
    content.copy(grown);
    kept.copy(grown, at);
    content = grown;
    left -= bytes.length;
  }
  return zeros && full > content.length ? Buffer.concat([content, Buffer.alloc(full - content.length)]) : content;
};

/**
 * A model of a disk with only the guarantees that programs may rely on: data are kept once the file is synced, names
 * once the folder is. Everything else may or may not be there after a power cut.
 */
export class DiskModel {
  private readonly root = new StoredFolder();
  private changes: NameChange[] = [];
  private readonly open = new Map<string, { node: StoredFile | StoredFolder; at: number; appends: boolean }>();

  private at(path: string): StoredFile | StoredFolder | undefined {
    let node: StoredFile | StoredFolder | undefined = this.root;
    for (const name of path.split("/").filter((each) => each !== ""))
      node = node instanceof StoredFolder ? node.now.get(name) : undefined;
    return node;
  }

  private place(path: string): { folder: StoredFolder; name: string } {
    const parts = path.split("/");
    const name = parts.pop()!;
    const folder = this.at(parts.join("/"));
    if (!(folder instanceof StoredFolder)) throw new Error(`${path} is in no folder`);
    return { folder, name };
  }

  private name(...parts: NameChange["parts"]): void {
    for (const { folder, name, node } of parts)
      if (node === undefined) folder.now.delete(name);
      else folder.now.set(name, node);
    this.changes.push({ parts });
  }

  /** Applies one more operation. */
  add({ pid, op, path = "", to = "", fd = -1, appends = false, bytes = "", position }: FileOperation): void {
    const key = `${pid} ${fd}`;
    const opened = this.open.get(key);
    switch (op) {
      case "create":
        this.name({ ...this.place(path), node: new StoredFile() });
        break;
      case "mkdir":
        this.name({ ...this.place(path), node: new StoredFolder() });
        break;
      case "remove":
        this.name({ ...this.place(path), node: undefined });
        break;
      case "link":
        this.name({ ...this.place(to), node: this.at(path) });
        break;
      case "rename":
        this.name({ ...this.place(path), node: undefined }, { ...this.place(to), node: this.at(path) });
        break;
      case "truncate": {
        const file = this.at(path);
        if (file instanceof StoredFile) {
          file.pending.push({ at: 0, bytes: Buffer.alloc(0), truncates: true });
          file.length = 0;
        }
        break;
      }
      case "open": {
        const node = this.at(path);
        if (node !== undefined) this.open.set(key, { node, at: 0, appends });
        break;
      }
      case "close":
        this.open.delete(key);
        break;
      case "write":
        if (opened?.node instanceof StoredFile)
          this.write(opened.node, opened, { bytes: Buffer.from(bytes, "base64"), position });
        break;
      case "sync":
        if (opened !== undefined) this.sync(opened.node);
        break;
      case "git":
        break;
    }
  }

  private write(
    file: StoredFile,
    opened: { at: number; appends: boolean },
    { bytes, position }: { bytes: Buffer; position: number | undefined },
  ): void {
    const at = opened.appends ? file.length : (position ?? opened.at);
    file.pending.push({ at, bytes });
    // A write at a position leaves the file where it stands.
    if (position === undefined) opened.at = at + bytes.length;
    file.length = Math.max(file.length, at + bytes.length);
  }

  private sync(node: StoredFile | StoredFolder): void {
    if (node instanceof StoredFile) {
      node.synced = apply(node, 1, false);
      node.pending = [];
      return;
    }
    const isHere = ({ parts }: NameChange): boolean => parts.some(({ folder }) => folder === node);
    for (const { parts } of this.changes.filter(isHere))
      for (const { folder, name, node: what } of parts)
        if (what === undefined) folder.synced.delete(name);
        else folder.synced.set(name, what);
    this.changes = this.changes.filter((change) => !isHere(change));
  }

  /** Returns the files and folders that are there after a power cut at this moment; a folder has no bytes. */
  left(cut: Cut): Map<string, Buffer | undefined> {
    const names = new Map<StoredFolder, Map<string, StoredFile | StoredFolder>>();
    const of = (folder: StoredFolder) => {
      const known = names.get(folder) ?? new Map(folder.synced);
      names.set(folder, known);
      return known;
    };
    for (const { parts } of this.changes)
      if (cut.keepsName())
        for (const { folder, name, node } of parts)
          if (node === undefined) of(folder).delete(name);
          else of(folder).set(name, node);
    const found = new Map<string, Buffer | undefined>();
    const data = new Map<StoredFile, Buffer>();
    const walk = (folder: StoredFolder, path: string): void => {
      for (const [name, node] of of(folder)) {
        const own = path === "" ? name : `${path}/${name}`;
        if (node instanceof StoredFolder) {
          found.set(own, undefined);
          walk(node, own);
          continue;
        }
        const content = data.get(node) ?? apply(node, cut.keepsData(), cut.zeros());
        data.set(node, content);
        found.set(own, content);
      }
    };
    walk(this.root, "");
    return found;
  }
}
