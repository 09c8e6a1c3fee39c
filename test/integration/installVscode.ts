import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import * as z from "zod";

const CACHE = resolve(import.meta.dirname, "../cache");
const Pack = z.array(z.object({ filename: z.string() })).min(1);
const Package = z.object({ version: z.string(), engines: z.object({ node: z.string() }).partial().optional() });

export interface InstalledVscode {
  /** The folder of VS Code's server with `out/server-main.js`. */
  readonly server: string;
  /** The Node binary of the major version that this build asks for. */
  readonly node: string;
  /** VS Code's own version. */
  readonly version: string;
}

/**
 * Installs a real VS Code into `test/cache`: the remote server and web workbench of the npm package code-server.
 * Needs the npm registry the first time only; no install script runs and nothing is compiled.
 */
export function installVscode(release = process.env["ADEPT_CODE_SERVER"] ?? "4.100.3"): InstalledVscode {
  const folder = join(CACHE, `code-server-${release}`);
  const server = join(folder, "lib/vscode");
  if (!existsSync(join(folder, ".ready"))) {
    unpack(release, folder);
    npm(
      [
        "install",
        "--omit=dev",
        "--ignore-scripts",
        "--legacy-peer-deps",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
      ],
      server,
    );
    writeFileSync(join(folder, ".ready"), "");
  }
  // Every time: the cached folder may have the replacements of an older version of this file.
  replaceNativeParts(server);
  // Processes have the real paths in their command lines, and the cache folder may be a link.
  return {
    server: realpathSync(server),
    node: nodeFor(readPackage(folder).engines?.node),
    version: readPackage(server).version,
  };
}

function npm(args: string[], cwd: string): string {
  return execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

function readPackage(folder: string): z.infer<typeof Package> {
  return Package.parse(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));
}

function unpack(release: string, folder: string): void {
  mkdirSync(CACHE, { recursive: true });
  const archive = join(CACHE, `code-server-${release}.tgz`);
  if (!existsSync(archive)) {
    const [packed] = Pack.parse(
      JSON.parse(npm(["pack", `code-server@${release}`, "--json", "--pack-destination", CACHE], CACHE)),
    );
    const made = join(CACHE, packed?.filename ?? "");
    if (made !== archive) renameSync(made, archive);
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  execFileSync("tar", ["xzf", archive, "--strip-components=1", "--exclude=*.js.map", "-C", folder]);
}

/** Writes replacements for what the skipped install scripts would have made, as far as these tests use it. */
function replaceNativeParts(server: string): void {
  rmSync(join(server, "node_modules.asar"), { recursive: true, force: true });
  symlinkSync("node_modules", join(server, "node_modules.asar"));
  const ripgrep = join(server, "node_modules/@vscode/ripgrep");
  if (existsSync(ripgrep)) {
    mkdirSync(join(ripgrep, "bin"), { recursive: true });
    rmSync(join(ripgrep, "bin/rg"), { force: true });
    symlinkSync("/usr/bin/rg", join(ripgrep, "bin/rg"));
  }
  const spdlog = join(server, "node_modules/@vscode/spdlog");
  if (!existsSync(join(spdlog, "prebuilds"))) writeFileSync(join(spdlog, "index.js"), PLAIN_LOGGER);
  for (const name of ["native-watchdog", "@vscode/native-watchdog"]) {
    const watchdog = join(server, "node_modules", name);
    if (existsSync(watchdog) && !existsSync(join(watchdog, "prebuilds")))
      writeFileSync(join(watchdog, "index.js"), "exports.start = () => {};\n");
  }
}

/** Replaces the native module through which VS Code writes its logs: it has the same functions and appends lines. */
const PLAIN_LOGGER = `"use strict";
const fs = require("node:fs"), path = require("node:path");
const LEVELS = ["trace", "debug", "info", "warn", "error", "critical"];
class Logger {
  constructor(_name, file) { this.file = file; this.level = 2; this.bare = false; fs.mkdirSync(path.dirname(file), { recursive: true }); }
  getLevel() { return this.level; }
  setLevel(level) { this.level = level; }
  setPattern() {}
  clearFormatters() { this.bare = true; }
  flush() {}
  drop() {}
}
for (const [rank, level] of LEVELS.entries()) {
  Logger.prototype[level] = function (message) {
    if (rank < this.level) return;
    try { fs.appendFileSync(this.file, this.bare ? message : new Date().toISOString() + " [" + level + "] " + message + "\\n"); } catch { /* the folder went with the test */ }
  };
}
const open = async (name, file) => new Logger(name, file);
// Exported one by one, since VS Code imports them by name.
exports.version = 0;
exports.Logger = Logger;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.shutdown = () => {};
exports.createRotatingLogger = open;
exports.createAsyncRotatingLogger = open;
`;

/**
 * Returns a Node binary for VS Code alone, which is on no PATH: a copy of this process's where its major version fits,
 * otherwise one of that major version from npm.
 */
function nodeFor(range: string | undefined): string {
  const here = process.versions.node.split(".")[0] ?? "";
  const wanted = /\d+/.exec(range ?? here)?.[0] ?? here;
  if (wanted === here) return ownCopy();
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(CACHE, `node-${wanted}`);
  const binary = join(folder, "node_modules", name, "bin/node");
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), '{"private":true}');
    npm(
      ["install", `${name}@${wanted}`, "--ignore-scripts", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"],
      folder,
    );
  }
  return binary;
}

function ownCopy(): string {
  const binary = join(CACHE, `node-${process.versions.node}/node`);
  if (existsSync(binary)) return binary;
  mkdirSync(dirname(binary), { recursive: true });
  // Renamed when complete: an interrupted copy must not be used as Node later.
  copyFileSync(process.execPath, `${binary}.part`);
  renameSync(`${binary}.part`, binary);
  return binary;
}
