// Builds dist/: the extension, the worker, the command line, the webview page and the schema of *.adept.json.
import { build } from "esbuild";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import {
  debugIsOff,
  vscodeAsItIs,
  withoutAdapters,
  withoutDescriptions,
  withoutGraphs,
  withoutHtmlWriter,
  withoutMailParsers,
  withoutOtherScales,
  withoutProtocolReader,
  withoutSchemaWriter,
  withoutSentences,
  withoutSpeed,
} from "./bundlePlugins.mjs";
import { notices } from "./notices.mjs";

const production = process.argv.includes("--production");
/** Whose native files travel: this machine's, or another platform's that is named. */
const [platform, arch] = (
  process.argv.find((each) => each.startsWith("--target="))?.slice("--target=".length) ??
  `${process.platform}-${process.arch}`
).split("-");
const root = import.meta.dirname;
const path = (...parts) => join(root, ...parts);

// ESM output that bundles CommonJS packages needs a require of its own.
const requireBanner =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";
const natives = ["onnxruntime-node", "tokenizers", "@tensorflow/*"];
const common = {
  bundle: true,
  metafile: true,
  minify: production,
  sourcemap: production ? false : "linked",
  legalComments: "none",
  logLevel: "warning",
  absWorkingDir: root,
};
const node = { ...common, platform: "node", target: "node20.18", mainFields: ["module", "main"] };
const esm = { ...node, format: "esm", external: natives, banner: { js: requireBanner } };

/** A package carries the sample's mails parsed. */
const withParsedMails = production ? [withoutMailParsers] : [];
const hostPlugins = [debugIsOff, withoutAdapters, withoutGraphs, withoutDescriptions, withoutSchemaWriter];
const bundles = [
  {
    entry: "src/extension.ts",
    options: { ...node, format: "cjs", outfile: "dist/extension.cjs", external: ["vscode"], plugins: [vscodeAsItIs] },
  },
  { entry: "src/host.ts", options: { ...node, format: "cjs", outfile: "dist/host.cjs", plugins: hostPlugins } },
  { entry: "src/worker.ts", options: { ...esm, outfile: "dist/worker.js", plugins: [withoutHtmlWriter] } },
  {
    entry: "src/replica.ts",
    options: {
      ...esm,
      outfile: "dist/replica.js",
      plugins: [
        withoutAdapters,
        withoutSpeed,
        withoutSentences,
        withoutDescriptions,
        withoutProtocolReader,
        withoutSchemaWriter,
      ],
    },
  },
  { entry: "src/encode.ts", options: { ...esm, outfile: "dist/encode.js", plugins: [withoutHtmlWriter] } },
  { entry: "src/parquet.ts", options: { ...esm, outfile: "dist/parquet.js" } },
  {
    entry: "src/tokens.ts",
    options: {
      ...esm,
      outfile: "dist/tokens.js",
      plugins: [withoutHtmlWriter, ...withParsedMails, withoutDescriptions, withoutSchemaWriter],
    },
  },
  // esbuild keeps the source's own #! line first; the banner goes below it.
  {
    entry: "src/cli.ts",
    options: { ...esm, outfile: "dist/cli.js", plugins: [withoutHtmlWriter, ...withParsedMails, withoutSchemaWriter] },
    executable: true,
  },
  // What works with a Slurm cluster: whoever meets a run of one loads it, as hosts and workers both can.
  {
    entry: "src/executor/slurm/slurmDriver.ts",
    options: { ...node, format: "cjs", outfile: "dist/slurm.cjs", plugins: hostPlugins },
  },
  // What draws a report's figures: only that command loads it.
  { entry: "src/figure/svg/drawSvg.ts", options: { ...esm, outfile: "dist/figures.js" } },
  // What writes runs for trackers: only that command loads it.
  {
    entry: "src/tracker/exportRuns.ts",
    options: { ...esm, outfile: "dist/trackers.js", plugins: [withoutProtocolReader] },
  },
  // What keeps trackers up to date: a thread of a worker whose run has some.
  {
    entry: "src/tracker/live/liveThread.ts",
    options: { ...esm, outfile: "dist/live.js", plugins: hostPlugins },
  },
  {
    entry: "webview/main.ts",
    options: {
      ...common,
      format: "iife",
      platform: "browser",
      target: "es2022",
      outfile: "dist/webview.js",
      plugins: [withoutOtherScales],
    },
  },
  {
    entry: "webview/setup.ts",
    options: { ...common, format: "iife", platform: "browser", target: "es2022", outfile: "dist/setup.js" },
  },
];

async function buildBundles() {
  const meta = { inputs: {}, outputs: {} };
  for (const { entry, options, executable } of bundles) {
    if (!existsSync(path(entry))) continue;
    const result = await build({ ...options, entryPoints: [entry] });
    Object.assign(meta.inputs, result.metafile.inputs);
    Object.assign(meta.outputs, result.metafile.outputs);
    if (executable) makeExecutable(path(options.outfile));
  }
  writeFileSync(path("dist/meta.json"), JSON.stringify(meta));
}

function makeExecutable(file) {
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.startsWith("#!") ? text : `#!/usr/bin/env node\n${text}`, { mode: 0o755 });
}

async function writeSchema() {
  const outfile = path("dist/.schema.mjs");
  await build({
    ...node,
    metafile: false,
    sourcemap: false,
    format: "esm",
    outfile,
    stdin: {
      contents: 'export { experimentJsonSchema } from "./src/experiment/jsonSchema.ts";',
      resolveDir: root,
      loader: "ts",
    },
  });
  const { experimentJsonSchema } = await import(pathToFileURL(outfile).href);
  rmSync(outfile);
  writeFileSync(path("dist/experiment.schema.json"), JSON.stringify(experimentJsonSchema(), undefined, 2));
}

/** The npm package of the mail sample has 12,000 files: the VSIX carries them parsed, in one. */
async function packMails() {
  const outfile = path("dist/.mails.mjs");
  await build({
    ...esm,
    metafile: false,
    sourcemap: false,
    outfile,
    stdin: {
      contents: 'export { PACKED_MAILS, readMails } from "./src/task/mailTask.ts";',
      resolveDir: root,
      loader: "ts",
    },
  });
  const { PACKED_MAILS, readMails } = await import(pathToFileURL(outfile).href);
  rmSync(outfile);
  writeFileSync(path("dist", PACKED_MAILS), gzipSync(JSON.stringify(await readMails()), { level: 9 }));
}

/** The licences of every package whose code is in the bundles, or beside them. */
function writeNotices() {
  writeFileSync(
    path("dist/ThirdPartyNotices.txt"),
    notices(root, Object.keys(JSON.parse(readFileSync(path("dist/meta.json"), "utf8")).inputs)),
  );
}

/** The suffix of Linux binaries for a C library: VS Code runs on the one that this Node runs on. Empty elsewhere. */
function cLibrary() {
  if (platform !== "linux") return "";
  const isMusl = process.platform === "linux" && !process.report.getReport().header.glibcVersionRuntime;
  return isMusl ? "-musl" : "-gnu";
}

/** The VSIX carries no node_modules; the packages with native code that the worker loads travel beside it. */
function copyNatives() {
  const target = path("dist/node_modules");
  rmSync(target, { recursive: true, force: true });
  const copy = (name, filter) =>
    existsSync(path("node_modules", name)) &&
    cpSync(path("node_modules", name), join(target, name), {
      recursive: true,
      dereference: true,
      filter: filter ?? (() => true),
    });
  const neededAtRunTime = (source) => !/\.(map|ts|md)$/.test(source);
  const otherPlatform = /[\\/]bin[\\/]napi-v\d+[\\/](darwin|linux|win32)(?:[\\/](\w+))?/;
  copy("onnxruntime-node", (source) => {
    const found = otherPlatform.exec(source);
    return (
      neededAtRunTime(source) &&
      !/[\\/](script|lib)$/.test(source) &&
      (!found || (found[1] === platform && (!found[2] || found[2] === arch)))
    );
  });
  copy(
    "onnxruntime-common",
    (source) => neededAtRunTime(source) && !/onnxruntime-common[\\/](lib|dist[\\/]esm)$/.test(source),
  );
  const library = cLibrary();
  copy(
    "tokenizers",
    (source) =>
      neededAtRunTime(source) &&
      (!source.endsWith(".node") || source.includes(`tokenizers.${platform}-${arch}${library}`)),
  );
}

/** What the user's own Python runs. */
const copyPython = () => {
  cpSync(path("src/engine/torch/adept_torch.py"), path("dist/adept_torch.py"));
};

// A package's native files may be another platform's: what is built to be developed on runs on node_modules itself.
rmSync(path(production ? "dist" : "dist/node_modules"), { recursive: true, force: true });
mkdirSync(path("dist"), { recursive: true });
copyPython();
await Promise.all([buildBundles(), writeSchema(), ...(production ? [packMails()] : [])]);
if (production) {
  copyNatives();
  writeNotices();
}
