// npm run mutants: breaks one term of a formula at a time in a copy of the sources, and shows which test notices. One
// that none notices fails.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { hasTensorFlow } from "../golden/engines.ts";
import { MUTANTS, type Mutant } from "./mutants.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const SHARED = resolve(ROOT, "../shared");
if (!existsSync(SHARED)) {
  console.error("The expected numbers are not beside this checkout.");
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), "adept-mutants-"));
const copy = join(folder, "main");

/** What a mutant uses that its file does not import; the copy need not pass lint. */
function withImports(text: string, name: string): string {
  const place = /"((?:\.\.\/)+graph\/ops\.ts)"/.exec(text)?.[1];
  return place === undefined ? text : `${text}\nimport * as MUTANT_${name} from "${place}";\n`;
}

function failing({ file, from, to, tests }: Mutant): string[] {
  const path = join(copy, file);
  const original = readFileSync(path, "utf8");
  if (original.split(from).length !== 2) throw new Error(`${file} does not have once: ${from}`);
  const needed = /\b(sub|add|mul)\(/g;
  const missing = [...to.matchAll(needed)]
    .map(([, op]) => op!)
    .filter((op) => !new RegExp(`\\b${op}\\b[^;]*from "(\\.\\./)+graph/ops.ts"`).test(original));
  writeFileSync(
    path,
    withImports(
      missing.reduce(
        (text, op) => text.replace(new RegExp(`(?<![\\w.])${op}\\(`, "g"), `MUTANT_ops.${op}(`),
        original.replace(from, () => to),
      ),
      "ops",
    ),
  );
  try {
    const { stdout } = spawnSync(process.execPath, ["test/run.mjs", tests], {
      cwd: copy,
      encoding: "utf8",
      maxBuffer: 1e9,
    });
    return [...new Set([...stdout.matchAll(/^✖ (.+?) \([\d.]+ms\)$/gm)].map(([, name]) => name!))];
  } finally {
    writeFileSync(path, original);
  }
}

try {
  mkdirSync(copy);
  for (const part of [
    "src",
    "test/golden",
    "test/unit",
    "test/run.mjs",
    "test/bench",
    "package.json",
    "tsconfig.json",
  ]) {
    mkdirSync(dirname(join(copy, part)), { recursive: true });
    cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  }
  for (const [target, name] of [
    [join(ROOT, "node_modules"), "main/node_modules"],
    [join(ROOT, "models"), "main/models"],
    [SHARED, "shared"],
  ] as const)
    symlinkSync(target, join(folder, name));
  console.log("| broken | tests that fail | the first |\n|---|---:|---|");
  // Arguments choose the mutants whose name contains each of them.
  for (const mutant of MUTANTS.filter(
    ({ of }) => process.argv.slice(2).every((word) => of.includes(word)) && (hasTensorFlow || !of.startsWith("tfjs")),
  )) {
    const tests = failing(mutant);
    console.log(`| ${mutant.of} | ${tests.length} | ${tests[0] ?? "none"} |`);
    if (tests.length === 0) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
