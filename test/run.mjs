// Runs every test file of the given folders, or the given files, under node:test. (The globs of `node --test` need a
// newer Node.)
import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

// A file of tests in a real VS Code owns a server and a browser, so these run one at a time. Other files often wait for
// their processes: one file more than there are cores keeps the cores busy. Those of test/slurm wait for Slurm nearly
// all of their time, each for a cluster of its own.
const concurrencies = { "test/integration": 1, "test/slurm": 3 * availableParallelism() };
const folder = Object.keys(concurrencies).find((each) => process.argv.slice(2).some((place) => place.startsWith(each)));
const concurrency = folder === undefined ? Math.min(4, availableParallelism() + 1) : concurrencies[folder];
const filesOf = (place) =>
  statSync(place).isFile()
    ? [place]
    : readdirSync(place, { recursive: true })
        .map(String)
        .filter((file) => /\.test\.(ts|mjs)$/.test(file))
        .map((file) => join(place, file))
        .sort();
const files = process.argv.slice(2).flatMap(filesOf);
if (files.length === 0) {
  console.error("no test files found");
  process.exit(1);
}
// Tests train on the processor, whatever else the machine has, and leave no times in the user's cache.
const env = { ...process.env, ADEPT_DEVICES: process.env["ADEPT_DEVICES"] ?? "cpu" };
const { status } = spawnSync(
  process.execPath,
  ["--import", "tsx", "--test", `--test-concurrency=${concurrency}`, "--test-reporter=spec", ...files],
  { stdio: "inherit", env },
);
process.exit(status ?? 1);
