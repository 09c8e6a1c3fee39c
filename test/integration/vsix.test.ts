import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { listFiles } from "@vscode/vsce";
import { networkUse } from "../unit/ui/networkUse.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const KB = 1024;
const sizeOf = (file: string): number => statSync(join(ROOT, file)).size;
const files = (await listFiles({ cwd: ROOT, packagedDependencies: [] })).map((file) => file.replaceAll("\\", "/"));

/** What may be in the package; everything else is a mistake. */
const ALLOWED = [
  /^package\.json$/,
  /^package\.nls\.json$/,
  /^(README|CHANGELOG|SUPPORT)\.md$/,
  /^LICENSE$/,
  /^l10n\/bundle\.l10n\.json$/,
  /^media\/(walkthrough\/)?[\w-]+\.svg$/,
  /^media\/icon\.png$/,
  /^examples\/[\w-]+\.adept\.json$/,
  /^models\/tiny-t5\/[\w.]+$/,
  /^dist\/(extension|host|slurm)\.cjs$/,
  /^dist\/(worker|replica|encode|parquet|tokens|cli|figures|trackers|live|webview|setup)\.js$/,
  /^dist\/adept_torch\.py$/,
  /^dist\/webview\.css$/,
  /^dist\/mail-\d+\.json\.gz$/,
  /^dist\/experiment\.schema\.json$/,
  /^dist\/ThirdPartyNotices\.txt$/,
  /^dist\/node_modules\/(onnxruntime-node|onnxruntime-common|tokenizers)\//,
];
/** Largest sizes in KB: what a window loads, what a page loads, what is loaded by a process of its own. */
const BUDGET: Record<string, number> = {
  "dist/extension.cjs": 300,
  "dist/host.cjs": 300,
  "dist/webview.js": 400,
  "dist/setup.js": 200,
  "dist/worker.js": 1200,
  "dist/replica.js": 400,
  "dist/encode.js": 500,
  "dist/parquet.js": 400,
  "dist/tokens.js": 700,
  "dist/cli.js": 1200,
  "dist/figures.js": 700,
  "dist/trackers.js": 120,
  "dist/live.js": 250,
  "dist/slurm.cjs": 250,
};

test("the package holds what the extension runs on and nothing else", () => {
  assert.deepEqual(
    files.filter((file) => !ALLOWED.some((pattern) => pattern.test(file))),
    [],
  );
  for (const needed of [
    "dist/extension.cjs",
    "dist/host.cjs",
    "dist/slurm.cjs",
    "dist/worker.js",
    "dist/replica.js",
    "dist/encode.js",
    "dist/parquet.js",
    "dist/tokens.js",
    "dist/webview.js",
    "dist/setup.js",
    "dist/adept_torch.py",
    "dist/webview.css",
    "dist/ThirdPartyNotices.txt",
    "models/tiny-t5/model.safetensors",
    "l10n/bundle.l10n.json",
    "CHANGELOG.md",
    "SUPPORT.md",
    "LICENSE",
  ])
    assert.ok(files.includes(needed), needed);
  assert.deepEqual(
    files.filter((file) => /\.map$|\.ts$|\.test\.|(^|\/)test\//.test(file)),
    [],
  );
});

/** Where a file belongs in the listing: a package of its own, else its folder. */
const groupOf = (file: string): string =>
  /^dist\/node_modules\/(@[^/]+\/)?[^/]+\//.exec(file)?.[0] ?? /^.*\//.exec(file)?.[0] ?? "./";

test("its contents are listed, group by group with their sizes, and the groups are the whole", () => {
  const groups = new Map<string, string[]>();
  const kilobytes = (bytes: number): string => `${(bytes / KB).toFixed(1).padStart(10)} KB`;
  for (const file of files) groups.set(groupOf(file), [...(groups.get(groupOf(file)) ?? []), file]);
  const sizes = [...groups]
    .map(([group, own]) => ({ group, own, size: own.reduce((sum, file) => sum + sizeOf(file), 0) }))
    .sort((a, b) => b.size - a.size);
  const whole = files.reduce((sum, file) => sum + sizeOf(file), 0);
  assert.equal(
    sizes.reduce((sum, { size }) => sum + size, 0),
    whole,
  );
  const total = `${kilobytes(whole)}  ${files.length} files, ${(sizeOf("dist/adept-lab.vsix") / KB / KB).toFixed(1)} MB packed`;
  const heads = sizes.map(({ group, own, size }) => `${kilobytes(size)}  ${group} (${own.length} files)`);
  mkdirSync(join(ROOT, "test/output"), { recursive: true });
  writeFileSync(
    join(ROOT, "test/output/vsix.txt"),
    `${[...sizes.flatMap(({ own }, i) => [heads[i]!, ...own.sort().map((file) => `${kilobytes(sizeOf(file))}    ${file}`)]), total].join("\n")}\n`,
  );
  console.log([...heads, total].map((line) => `# ${line}`).join("\n"));
});

test("native code is this platform's alone", () => {
  const native = files.filter((file) => /\.(node|so|dylib|dll)(\.\d+)*$/.test(file));
  const other = ["darwin", "linux", "win32"].filter((platform) => platform !== process.platform);
  assert.ok(
    native.some((file) => /onnxruntime_binding\.node$/.test(file)) &&
      native.some((file) => /tokenizers\..*\.node$/.test(file)),
    native.join(),
  );
  for (const file of native) for (const platform of other) assert.doesNotMatch(file, new RegExp(platform));
});

test("bundles keep to their sizes", () => {
  for (const [file, most] of Object.entries(BUDGET))
    assert.ok(sizeOf(file) < most * KB, `${file}: ${(sizeOf(file) / KB).toFixed(0)} KB`);
  console.log(
    `# package: ${(sizeOf("dist/adept-lab.vsix") / KB / KB).toFixed(1)} MB, ${files.length} files; ${Object.keys(BUDGET)
      .map((file) => `${file} ${(sizeOf(file) / KB).toFixed(0)} KB`)
      .join(", ")}`,
  );
});

test("every package whose code is shipped is named with its licence", () => {
  const notices = readFileSync(join(ROOT, "dist/ThirdPartyNotices.txt"), "utf8");
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) assert.ok(notices.includes(`\n${name} `), name);
  // A licence's text, not its name alone.
  for (const part of notices.split(`\n\n${"-".repeat(80)}\n\n`))
    assert.match(part, /\S+ \d+\.\d+\.\d+\S* \(.+\)[^]{400,}/);
});

test("no bundle reports anything to anyone, as it is shipped", () => {
  for (const file of ["dist/extension.cjs", "dist/host.cjs", "dist/webview.js", "dist/setup.js", "dist/tokens.js"])
    assert.deepEqual(networkUse(file, readFileSync(join(ROOT, file), "utf8")), [], file);
  assert.notDeepEqual(
    networkUse("dist/worker.js", readFileSync(join(ROOT, "dist/worker.js"), "utf8")),
    [],
    "the download that a user asks for is seen: the look is not blind",
  );
  assert.ok(!existsSync(join(ROOT, "telemetry.json")));
  assert.ok(readdirSync(join(ROOT, "dist")).includes("adept-lab.vsix"));
});
