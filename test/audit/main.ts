// npm run audit:production: clean, or no audit to be had and said so; anything else is an error.
import { spawnSync } from "node:child_process";
import { verdictOf } from "./verdict.ts";

const { stdout, status } = spawnSync("npm", ["audit", "--omit=dev", "--json"], {
  encoding: "utf8",
  stdio: ["ignore", "pipe", "ignore"],
  shell: process.platform === "win32",
});
const { ok, text } = verdictOf(stdout ?? "", status);
console.log(text);
if (!ok) process.exitCode = 1;
