// Builds dist/: the extension, the worker, the command line, the webview page and the schema of *.adept.json.
import { build } from "esbuild";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
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

/**
 * esbuild turns `import * as vscode` of a module that is not bundled into a copy of all its names, in every file that
 * has the line. VS Code has hundreds of names and forty files import it: the copies took half of the extension's load
 * time. A plain require gives the same object without a copy.
 */
const vscodeAsItIs = {
  name: "vscode-as-it-is",
  setup: (build) => {
    build.onLoad({ filter: /[\\/]src[\\/](ui[\\/].+|extension)\.ts$/ }, ({ path: file }) => ({
      loader: "ts",
      contents: readFileSync(file, "utf8").replace(
        'import * as vscode from "vscode";',
        'const vscode = require("vscode");',
      ),
    }));
  },
};

/**
 * Replaces the package debug, through which simple-git logs, by a logger that is off: nothing here turns it on. Windows
 * load the host's bundle, which may have 300 KB (vsix.test.ts); the package was 18 KB of it.
 */
const debugIsOff = {
  name: "debug-is-off",
  setup: (build) => {
    build.onResolve({ filter: /^debug$/ }, ({ path: name }) => ({ path: name, namespace: "off" }));
    build.onLoad({ filter: /.*/, namespace: "off" }, () => ({
      contents: `
        const logger = () => Object.assign(() => {}, { enabled: false, extend: logger });
        module.exports = Object.assign(logger, { formatters: {} });
      `,
    }));
  },
};

/**
 * Leaves out the descriptions of schemas, which only the JSON schema of *.adept.json shows (the build makes it from the
 * sources): 146 of them were 10 KB of the host's bundle.
 */
const withoutDescriptions = {
  name: "without-descriptions",
  setup: (build) => {
    build.onLoad({ filter: /[\\/]src[\\/].+\.ts$/ }, ({ path: file }) => ({
      loader: "ts",
      contents: readFileSync(file, "utf8").replace(
        /\s*\.describe\(\s*(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`$]*`),?\s*\)/g,
        // The source map counts lines.
        (call) => "\n".repeat(call.split("\n").length - 1),
      ),
    }));
  },
};

/**
 * Leaves out how zod writes JSON schemas, which every schema of zod can and the build alone does: 19 KB of a bundle.
 */
const withoutSchemaWriter = {
  name: "without-schema-writer",
  setup: (build) => {
    build.onLoad(
      { filter: /[\\/]zod[\\/]v4[\\/]core[\\/](to-json-schema|json-schema-processors)\.js$/ },
      ({ path: file }) => {
        const names = [
          ...readFileSync(file, "utf8").matchAll(/^export (?:(?:const|function) (\w+)|\{ \w+ as (\w+) \})/gm),
        ].map(([, own, as]) => own ?? as);
        // Every schema asks for its methods when it is made.
        const made = (name) => (name.startsWith("create") ? "() => unwritten" : "unwritten");
        return {
          contents: `
          const unwritten = () => {
            throw new Error("JSON schemas are not written here");
          };
          ${names.map((name) => `const own_${name} = ${made(name)};`).join("\n")}
          export { ${names.map((name) => `own_${name} as ${name}`).join(", ")} };
        `,
        };
      },
    );
  },
};

/**
 * Leaves out how PEFT's configs of adapters are read, which the methods' files name: only workers and the command line
 * read adapters, and expressions and lists of keys were 14 KB of the host's bundle.
 */
const withoutAdapters = {
  name: "without-adapters",
  setup: (build) => {
    build.onLoad({ filter: /[\\/]src[\\/]method[\\/]peft[\\/](lora|ia3)Config\.ts$/ }, () => ({
      contents: `
        const elsewhere = () => {
          throw new Error("adapters are not read here");
        };
        export const loraConfig = undefined;
        export const ia3Config = undefined;
        export const loraLayers = elsewhere;
        export const ia3Layers = elsewhere;
      `,
    }));
  },
};

/**
 * Leaves out the operations of graphs with their shapes and gradients, which the methods' files name: a host reads what
 * methods say of themselves, and builds no graph. They were 6 KB of its bundle.
 */
const withoutGraphs = {
  name: "without-graphs",
  setup: (build) => {
    build.onLoad({ filter: /[\\/]src[\\/]graph[\\/]ops\.ts$/ }, ({ path: file }) => ({
      contents: `
        const elsewhere = () => {
          throw new Error("graphs are not built here");
        };
        ${[...readFileSync(file, "utf8").matchAll(/^export (?:const|function) (\w+)/gm)]
          .map(([, name]) => `export const ${name} = elsewhere;`)
          .join("\n")}
      `,
    }));
  },
};

/**
 * Leaves out the writer of HTML that domutils names: mails are read and never written as HTML, and its tables of
 * entities, beside those of the parser, were 78 KB of each bundle that reads mails.
 */
const withoutHtmlWriter = {
  name: "without-html-writer",
  setup: (build) => {
    build.onResolve({ filter: /^dom-serializer$/ }, ({ path: name }) => ({ path: name, namespace: "unwritten" }));
    build.onLoad({ filter: /.*/, namespace: "unwritten" }, () => ({
      contents: `export const render = () => { throw new Error("HTML is not written here"); }; export default render;`,
    }));
  },
};

/** A copy of a model is not asked how long a step takes: the first one is. */
const withoutSpeed = {
  name: "without-speed",
  setup: (build) => {
    build.onLoad({ filter: /[\\/]src[\\/]model[\\/]speed[\\/]partSeconds\.ts$/ }, () => ({
      contents: `
        export const partSeconds = () => {
          throw new Error("steps are not timed here");
        };
      `,
    }));
  },
};

/**
 * Leaves out how protocol buffers are read: a copy of the model writes graphs in their form, and reads none. Its reader
 * and 64-bit integers were 21 KB.
 */
const withoutProtocolReader = {
  name: "without-protocol-reader",
  setup: (build) => {
    build.onResolve({ filter: /^long$/ }, ({ path: name }) => ({ path: name, namespace: "unread" }));
    build.onLoad({ filter: /.*/, namespace: "unread" }, () => ({ contents: "module.exports = null;" }));
    build.onLoad({ filter: /[\\/]protobufjs[\\/]src[\\/]reader(_buffer)?\.js$/ }, () => ({
      contents: `
        module.exports = function Reader() {
          throw new Error("protocol buffers are not read here");
        };
        module.exports._configure = () => {};
      `,
    }));
  },
};

/**
 * Leaves out what only a person reads or asks for: zod's sentences, the calls of protocol buffers over a network, and
 * of jsonc-parser all but its scanner. A copy of a model opens what its first copy has opened, which would have told.
 */
const withoutSentences = {
  name: "without-sentences",
  setup: (build) => {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]en\.js$/ }, () => ({
      contents: "export default () => ({ localeError: undefined });",
    }));
    build.onLoad({ filter: /[\\/]protobufjs[\\/]src[\\/]rpc\.js$/ }, () => ({ contents: "module.exports = {};" }));
    build.onResolve({ filter: /^jsonc-parser$/ }, () => ({
      path: path("node_modules/jsonc-parser/lib/esm/impl/scanner.js"),
    }));
  },
};

/**
 * Leaves out how mails are parsed: a package carries the sample's mails parsed (`packMails`), and what it runs need not
 * read others. The two parsers were 180 KB of each.
 */
const withoutMailParsers = {
  name: "without-mail-parsers",
  setup: (build) => {
    if (!production) return;
    build.onResolve({ filter: /^(postal-mime|html-to-text)$/ }, ({ path: name }) => ({
      path: name,
      namespace: "parsed",
    }));
    build.onLoad({ filter: /.*/, namespace: "parsed" }, () => ({
      contents: `
        const elsewhere = () => { throw new Error("mails are not parsed here"); };
        export const convert = elsewhere;
        export default { parse: elsewhere };
      `,
    }));
  },
};

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
      plugins: [withoutHtmlWriter, withoutMailParsers, withoutDescriptions, withoutSchemaWriter],
    },
  },
  // esbuild keeps the source's own #! line first; the banner goes below it.
  {
    entry: "src/cli.ts",
    options: { ...esm, outfile: "dist/cli.js", plugins: [withoutHtmlWriter, withoutMailParsers, withoutSchemaWriter] },
    executable: true,
  },
  // What works with a Slurm cluster: whoever meets a run of one loads it, as hosts and workers both can.
  {
    entry: "src/executor/slurm/slurmDriver.ts",
    options: { ...node, format: "cjs", outfile: "dist/slurm.cjs", plugins: hostPlugins },
  },
  // What draws a report's figures: only that command loads it.
  { entry: "src/figure/svg/drawSvg.ts", options: { ...esm, outfile: "dist/figures.js" } },
  {
    entry: "webview/main.ts",
    options: { ...common, format: "iife", platform: "browser", target: "es2022", outfile: "dist/webview.js" },
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
