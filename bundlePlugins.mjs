// What is left out of a bundle, or replaced in it: esbuild plugins, each with what it saves. build.mjs names them.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * esbuild turns `import * as vscode` of a module that is not bundled into a copy of all its names, in every file that
 * has the line. VS Code has hundreds of names and forty files import it: the copies took half of the extension's load
 * time. A plain require gives the same object without a copy.
 */
export const vscodeAsItIs = {
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
export const debugIsOff = {
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
export const withoutDescriptions = {
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
export const withoutSchemaWriter = {
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
export const withoutAdapters = {
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
export const withoutGraphs = {
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
export const withoutHtmlWriter = {
  name: "without-html-writer",
  setup: (build) => {
    build.onResolve({ filter: /^dom-serializer$/ }, ({ path: name }) => ({ path: name, namespace: "unwritten" }));
    build.onLoad({ filter: /.*/, namespace: "unwritten" }, () => ({
      contents: `export const render = () => { throw new Error("HTML is not written here"); }; export default render;`,
    }));
  },
};

/** A copy of a model is not asked how long a step takes: the first one is. */
export const withoutSpeed = {
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
export const withoutProtocolReader = {
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
export const withoutSentences = {
  name: "without-sentences",
  setup: (build) => {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]en\.js$/ }, () => ({
      contents: "export default () => ({ localeError: undefined });",
    }));
    build.onLoad({ filter: /[\\/]protobufjs[\\/]src[\\/]rpc\.js$/ }, () => ({ contents: "module.exports = {};" }));
    build.onResolve({ filter: /^jsonc-parser$/ }, () => ({
      path: join(import.meta.dirname, "node_modules/jsonc-parser/lib/esm/impl/scanner.js"),
    }));
  },
};

/**
 * Leaves out how mails are parsed: a package carries the sample's mails parsed (`packMails`), and what it runs need not
 * read others. The two parsers were 180 KB of each.
 */
export const withoutMailParsers = {
  name: "without-mail-parsers",
  setup: (build) => {
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

/**
 * Leaves out those scales of chart.js that no chart of the page has, of angles and of dates: esbuild keeps a class
 * whose static fields read other objects, unless the class is the value of a call that is marked as pure. They were 16
 * KB.
 */
export const withoutOtherScales = {
  name: "without-other-scales",
  setup: (build) => {
    build.onLoad({ filter: /[\\/]chart\.js[\\/]dist[\\/]chart\.js$/ }, ({ path: file }) => ({
      loader: "js",
      contents: readFileSync(file, "utf8").replace(
        /^class (RadialLinearScale|TimeScale|TimeSeriesScale) [^]*?^}$/gm,
        (text, name) => `const ${name} = /* @__PURE__ */ (() => { ${text}\nreturn ${name}; })();`,
      ),
    }));
  },
};
