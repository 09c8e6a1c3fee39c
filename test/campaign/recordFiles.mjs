// node --import recordFiles.mjs: records the operations of this process and its threads on files below
// ADEPT_RECORD_ROOT, in order, as lines of the file ADEPT_RECORD.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { dirname, join, relative, resolve, sep } from "node:path";

const { ADEPT_RECORD: log = "", ADEPT_RECORD_ROOT: root = "" } = process.env;
const real = { ...fs };
const names = new Map();
let copies = 0;

/** Returns a path relative to the root; undefined for a path outside. */
function inner(path) {
  const own = typeof path === "string" ? relative(root, resolve(path)) : "..";
  // git's own files are not recorded.
  return own === ".." || own.startsWith(`..${sep}`) || own === ".git" || own.startsWith(`.git${sep}`) ? undefined : own;
}

const write = (op) => {
  real.appendFileSync(log, `${JSON.stringify({ pid: process.pid, ...op })}\n`);
};
const { O_APPEND, O_CREAT, O_TRUNC } = fs.constants;
const flagsOf = (flag) =>
  typeof flag === "number"
    ? { creates: (flag & O_CREAT) !== 0, truncates: (flag & O_TRUNC) !== 0, appends: (flag & O_APPEND) !== 0 }
    : { creates: flag !== "r" && flag !== "r+", truncates: flag.startsWith("w"), appends: flag.startsWith("a") };
const bytesOf = (data, length) =>
  (typeof data === "string" ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength))
    .subarray(0, length)
    .toString("base64");

/** Replaces a function of fs by one that calls it and then records the operation. */
function wrap(name, tell) {
  fs[name] = (...args) => {
    const before = tell(...args);
    const result = real[name](...args);
    before?.(result);
    return result;
  };
}

wrap("openSync", (path, flag = "r") => {
  const own = inner(path);
  const { creates, truncates, appends } = flagsOf(flag);
  const isNew = creates && !real.existsSync(path);
  return own === undefined
    ? undefined
    : (fd) => {
        names.set(fd, own);
        if (isNew) write({ op: "create", path: own });
        else if (truncates) write({ op: "truncate", path: own });
        write({ op: "open", path: own, fd, appends });
      };
});
wrap("closeSync", (fd) =>
  names.has(fd)
    ? () => {
        names.delete(fd);
        write({ op: "close", fd });
      }
    : undefined,
);
// A text's place follows it; that of bytes follows their offset and length.
wrap("writeSync", (fd, data, ...places) =>
  names.has(fd)
    ? (count) => {
        const [offset, position] = typeof data === "string" ? [0, places[0]] : [places[0], places[2]];
        const bytes = typeof data === "string" ? data : data.subarray(offset ?? 0);
        // The journal names a commit, which the repository must contain from now on.
        if (bytes.includes('{"type":"git"')) {
          const copy = `${log}.git-${copies++}-${process.pid}`;
          real.cpSync(join(root, ".git"), copy, { recursive: true });
          write({ op: "git", path: copy });
        }
        write({ op: "write", fd, bytes: bytesOf(bytes, count), position: position ?? undefined });
      }
    : undefined,
);
wrap("fsyncSync", (fd) =>
  names.has(fd)
    ? () => {
        write({ op: "sync", fd });
      }
    : undefined,
);
wrap("renameSync", (from, to) =>
  inner(from) === undefined
    ? undefined
    : () => {
        write({ op: "rename", path: inner(from), to: inner(to) });
      },
);
wrap("linkSync", (from, to) =>
  inner(from) === undefined
    ? undefined
    : () => {
        write({ op: "link", path: inner(from), to: inner(to) });
      },
);
wrap("rmSync", (path) =>
  inner(path) === undefined || !real.existsSync(path)
    ? undefined
    : () => {
        write({ op: "remove", path: inner(path) });
      },
);
wrap("unlinkSync", (path) =>
  inner(path) === undefined
    ? undefined
    : () => {
        write({ op: "remove", path: inner(path) });
      },
);
wrap("mkdirSync", (path) => {
  const made = [];
  for (let at = resolve(path); inner(at) !== undefined && !real.existsSync(at); at = dirname(at))
    made.unshift(inner(at));
  return () => {
    for (const each of made) write({ op: "mkdir", path: each });
  };
});
// Functions that write whole files are recorded as their parts.
for (const [name, flag] of [
  ["writeFileSync", "w"],
  ["appendFileSync", "a"],
]) {
  fs[name] = (path, data, options) => {
    if (typeof path === "number") {
      real[name](path, data, options);
      if (names.has(path)) write({ op: "write", fd: path, bytes: bytesOf(data) });
      return;
    }
    if (inner(path) === undefined) {
      real[name](path, data, options);
      return;
    }
    const fd = fs.openSync(path, options?.flag ?? flag);
    try {
      real[name](fd, data);
      write({ op: "write", fd, bytes: bytesOf(data) });
    } finally {
      fs.closeSync(fd);
    }
  };
}
// Operations that cannot be recorded would be missing in the simulated states.
for (const name of [
  "copyFileSync",
  "cpSync",
  "truncateSync",
  "ftruncateSync",
  "symlinkSync",
  "rmdirSync",
  "createWriteStream",
  "writevSync",
])
  wrap(name, (...args) => {
    if (
      args.some((each) => (typeof each === "number" ? names.has(each) : inner(each) !== undefined && name !== "cpSync"))
    )
      throw new Error(`fs.${name} is not recorded: ${String(args[0])}`);
  });
syncBuiltinESMExports();
