// Runs every test file of the given folders under node:test (globs of `node --test` need a newer Node).
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const files = process.argv.slice(2).flatMap((folder) => readdirSync(folder, { recursive: true }).map(String).filter((file) => /\.test\.(ts|mjs)$/.test(file)).map((file) => join(folder, file)).sort());
if (files.length === 0) { console.error("no test files found"); process.exit(1); }
const { status } = spawnSync(process.execPath, ["--import", "tsx", "--test", "--test-concurrency=2", "--test-reporter=spec", ...files], { stdio: "inherit" });
process.exit(status ?? 1);
