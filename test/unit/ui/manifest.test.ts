import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Command, ContextKey, Setting, View } from "../../../src/ui/window/ids.ts";

const root = join(import.meta.dirname, "../../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

interface Manifest {
  main: string;
  icon: string;
  activationEvents: string[];
  extensionKind: string[];
  contributes: {
    commands: { command: string; title: string; category: string; icon?: string }[];
    menus: Record<string, { command: string; when?: string; group?: string }[]>;
    views: Record<string, { id: string }[]>;
    viewsWelcome: { contents: string }[];
    configuration: { properties: Record<string, unknown> };
    jsonValidation: { fileMatch: string; url: string }[];
  };
}
const manifest = JSON.parse(read("package.json")) as Manifest;
const nls = JSON.parse(read("package.nls.json")) as Record<string, string>;
const { contributes } = manifest;

test("commands of package.json and of the code are the same", () => {
  assert.deepEqual(contributes.commands.map((each) => each.command).sort(), Object.values(Command).sort());
});

test("views and settings of package.json and of the code are the same", () => {
  assert.deepEqual(
    Object.values(contributes.views)
      .flat()
      .map((each) => each.id),
    [View.runs],
  );
  assert.deepEqual(Object.keys(contributes.configuration.properties).sort(), Object.values(Setting).sort());
});

test("every text key has a text, and every text is used", () => {
  const used = new Set([...read("package.json").matchAll(/"%([\w.]+)%"/g)].map((match) => match[1]));
  assert.deepEqual([...used].sort(), Object.keys(nls).sort());
});

test("titles have the category apart, are in title case and have no literal text in package.json", () => {
  for (const { title, category } of contributes.commands) {
    assert.equal(category, "ADePT");
    assert.match(title, /^%[\w.]+%$/);
    const text = nls[title.slice(1, -1)] ?? "";
    assert.match(text, /^[A-Z]/);
    assert.doesNotMatch(text, /^ADePT/);
  }
  assert.equal(nls["command.train"], "Train ADePT");
});

test("menus and welcome texts name existing commands", () => {
  const known = new Set<string>(Object.values(Command));
  for (const item of Object.values(contributes.menus).flat()) assert.ok(known.has(item.command), item.command);
  const inline = (contributes.menus["view/item/context"] ?? []).filter((item) => item.group?.startsWith("inline"));
  // Of those at one place a row has one: star or remove star.
  assert.ok(new Set(inline.map(({ group }) => group)).size <= 3);
  for (const text of Object.values(nls)) {
    for (const [, id] of text.matchAll(/\(command:([\w.]+)\)/g))
      assert.ok(known.has(id ?? "") || /^(vscode|workbench|git)\./.test(id ?? ""), id);
  }
});

test("menus and welcome texts ask only what the code tells, and everything the code tells is asked", () => {
  const asked = new Set(
    [
      ...read("package.json").matchAll(
        /\badept\.(?!git\b|json\b|heatmap\b|heat\d|heatBelow|heatAbove|backbones\b|torch\b|slurm\b|trackers\b)\w+/g,
      ),
    ]
      .map(([key]) => key)
      .filter(
        (key) =>
          !Object.values<string>(Command).includes(key) &&
          !Object.values<string>(View).includes(key) &&
          !Object.values<string>(Setting).includes(key),
      ),
  );
  assert.deepEqual([...asked].sort(), Object.values(ContextKey).sort());
});

test("what is for a row of the list is not in the palette, and deleting stands apart from the rest", () => {
  const hidden = new Set(
    (contributes.menus["commandPalette"] ?? []).filter(({ when }) => when === "false").map(({ command }) => command),
  );
  for (const id of [
    Command.star,
    Command.unstar,
    Command.archive,
    Command.unarchive,
    Command.trainNext,
    Command.trainLast,
  ])
    assert.ok(hidden.has(id), id);
  const items = contributes.menus["view/item/context"] ?? [];
  const group = items.find(({ command }) => command === Command.delete)?.group?.split("@")[0];
  assert.deepEqual(
    items.filter((item) => item.group?.split("@")[0] === group).map(({ command }) => command),
    [Command.delete],
  );
});

test("what is for a cluster's runs alone is nowhere offered without them", () => {
  const shown = /adept\.clusterRuns|\/\^run\\\.placed\/|\/\^group\\\.cluster\/|^false$/;
  const items = Object.values(contributes.menus).flat();
  for (const id of [Command.takeOut, Command.cancelClusterRuns, Command.limitClusterRuns]) {
    const own = items.filter(({ command }) => command === id);
    assert.ok(own.length >= 3, id);
    for (const { when } of own) assert.match(when ?? "", shown, id);
    assert.ok((contributes.menus["commandPalette"] ?? []).some(({ command }) => command === id));
  }
  for (const { when } of items.filter(({ command }) => command === Command.refreshLog))
    assert.equal(when, "resourceScheme == adept-log");
});

test("every empty state has a welcome with one button", () => {
  const texts = contributes.viewsWelcome.map(({ contents }) => nls[contents.slice(1, -1)] ?? "");
  assert.equal(texts.length, 5);
  for (const text of texts) assert.equal(text.match(/\]\(command:/g)?.length, 1, text);
});

test("nothing is activated before it is needed", () => {
  for (const event of manifest.activationEvents) assert.doesNotMatch(event, /^\*$|onStartupFinished|workspaceContains/);
  assert.deepEqual(manifest.extensionKind, ["workspace"]);
});

test("the icon is a PNG of at least 128 pixels", () => {
  const icon = readFileSync(join(root, manifest.icon));
  assert.equal(icon.toString("latin1", 1, 4), "PNG");
  assert.ok(icon.readUInt32BE(16) >= 128 && icon.readUInt32BE(20) >= 128);
});

test("only webview/ui.ts knows the toolkit, and the page never parses text as HTML", () => {
  for (const file of readdirSync(join(root, "webview"), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".ts"))) {
    const text = read(`webview/${file}`);
    if (file !== "ui.ts") assert.doesNotMatch(text, /webview-ui-toolkit|vscode-(button|dropdown|checkbox)/, file);
    assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write/, file);
  }
});

test(
  "the extension's bundle holds no engine, no native code and no library for schemas, which took longer to load than all the rest",
  { skip: !existsSync(join(root, "dist/meta.json")) },
  () => {
    const meta = JSON.parse(read("dist/meta.json")) as {
      outputs: Record<string, { inputs: Record<string, unknown>; imports: { path: string }[] }>;
    };
    const bundle = meta.outputs["dist/extension.cjs"];
    assert.ok(bundle !== undefined);
    for (const input of Object.keys(bundle.inputs))
      assert.doesNotMatch(
        input,
        /^src\/(engine|backbone|graph|method|training|task|analysis)\/|onnxruntime|tokenizers|tensorflow|[\\/]zod[\\/]/,
      );
    for (const { path } of bundle.imports) assert.doesNotMatch(path, /onnxruntime|tokenizers|tensorflow/);
  },
);

test(
  "the host's bundle reads no adapters: what reads their configs is left out of it",
  { skip: !existsSync(join(root, "dist/meta.json")) },
  () => {
    const meta = JSON.parse(read("dist/meta.json")) as { outputs: Record<string, { inputs: Record<string, unknown> }> };
    const inputs = Object.keys(meta.outputs["dist/host.cjs"]!.inputs);
    assert.ok(inputs.includes("src/method/lora.ts"));
    for (const input of inputs) assert.doesNotMatch(input, /^src\/(adapter|backbone\/files)\//);
  },
);

test(
  "the bundles of windows and of the token worker write no JSON schemas",
  { skip: !existsSync(join(root, "dist/meta.json")) },
  () => {
    const meta = JSON.parse(read("dist/meta.json")) as {
      outputs: Record<string, { inputs: Record<string, { bytesInOutput: number }> }>;
    };
    for (const bundle of ["dist/host.cjs", "dist/tokens.js"]) {
      const { inputs } = meta.outputs[bundle]!;
      assert.ok(inputs["node_modules/zod/v4/classic/schemas.js"] !== undefined, bundle);
      for (const [input, { bytesInOutput }] of Object.entries(inputs))
        if (/zod.*json-schema/.test(input))
          assert.ok(bytesInOutput < 5000, `${bundle}: ${input} has ${bytesInOutput} bytes`);
    }
  },
);

test("the token worker's bundle holds no engine", { skip: !existsSync(join(root, "dist/meta.json")) }, () => {
  const meta = JSON.parse(read("dist/meta.json")) as {
    outputs: Record<string, { inputs: Record<string, unknown>; imports: { path: string }[] }>;
  };
  const bundle = meta.outputs["dist/tokens.js"];
  assert.ok(bundle !== undefined);
  // What writes ONNX's files is an engine's; the reader of protobufjs alone is there for spiece.model.
  for (const input of Object.keys(bundle.inputs)) assert.doesNotMatch(input, /^src\/engine\/onnx|onnxruntime/);
  for (const { path } of bundle.imports) assert.doesNotMatch(path, /onnxruntime|tensorflow/);
});

test(
  "the schema of experiment files is where package.json says",
  { skip: !existsSync(join(root, "dist/meta.json")) },
  () => {
    const [validation] = contributes.jsonValidation;
    assert.equal(validation?.fileMatch, "*.adept.json");
    // VS Code asks for it by a scheme of the extension's own, which wakes it; src/ui/experimentSchema.ts answers.
    assert.equal(validation?.url, "adept-schema://schemas/experiment.json");
    assert.ok(manifest.activationEvents.includes("onFileSystem:adept-schema"));
    const schema = JSON.parse(read("dist/experiment.schema.json")) as {
      required: string[];
      additionalProperties: unknown;
      properties: Record<string, unknown>;
    };
    assert.deepEqual(schema.required, ["name", "task"]);
    assert.ok("method" in schema.properties && "sweep" in schema.properties && !("part" in schema.properties));
    assert.equal(schema.additionalProperties, false);
  },
);

test(
  "an engine is completed as settings, and as a device's name alone",
  { skip: !existsSync(join(root, "dist/meta.json")) },
  () => {
    const {
      properties: { engine },
    } = JSON.parse(read("dist/experiment.schema.json")) as {
      properties: { engine: { anyOf: { enum?: string[]; properties?: object }[] } };
    };
    assert.deepEqual(Object.keys(engine.anyOf[0]?.properties ?? {}), [
      "device",
      "torchDevice",
      "compute",
      "tf32",
      "threads",
      "replicas",
      "generation",
      "memory",
    ]);
    assert.deepEqual(engine.anyOf[1]?.enum, ["auto", "cpu", "webgpu", "cuda", "directml", "coreml", "tfjs", "torch"]);
  },
);

test(
  "a precision is completed as settings, and as the weights' form alone",
  { skip: !existsSync(join(root, "dist/meta.json")) },
  () => {
    const {
      properties: { precision },
    } = JSON.parse(read("dist/experiment.schema.json")) as {
      properties: { precision: { anyOf: { enum?: string[]; properties?: object }[] } };
    };
    assert.deepEqual(Object.keys(precision.anyOf[0]?.properties ?? {}), ["weights", "compare"]);
    assert.deepEqual(precision.anyOf[1]?.enum, ["fp32", "fp16", "bf16", "int8", "int4", "int4-asym"]);
  },
);

interface SchemaNode {
  description?: string;
  properties?: Record<string, SchemaNode>;
  anyOf?: SchemaNode[];
  oneOf?: SchemaNode[];
  items?: SchemaNode;
  additionalProperties?: SchemaNode | boolean;
  defaultSnippets?: { label: string; body: unknown }[];
  const?: unknown;
}
const schemaOf = (): SchemaNode => JSON.parse(read("dist/experiment.schema.json")) as SchemaNode;

test(
  "every key of an experiment says in a hover what it is for",
  { skip: !existsSync(join(root, "dist/meta.json")) },
  () => {
    const bare: string[] = [];
    const visit = (node: SchemaNode | boolean | undefined, path: string): void => {
      if (typeof node !== "object") return;
      for (const [key, each] of Object.entries(node.properties ?? {})) {
        if ((each.description ?? "") === "" && key !== "kind" && key !== "$schema") bare.push(`${path}.${key}`);
        visit(each, `${path}.${key}`);
      }
      for (const each of [...(node.anyOf ?? []), ...(node.oneOf ?? []), node.items, node.additionalProperties])
        visit(each, path);
    };
    visit(schemaOf(), "");
    assert.deepEqual(bare, []);
  },
);

test(
  "every snippet, with its places as they are offered, is an experiment that holds",
  { skip: !existsSync(join(root, "dist/meta.json")) },
  async () => {
    const { ExperimentFile } = await import("../../../src/experiment/experiment.ts");
    const schema = schemaOf();
    // As VS Code expands it: ${1:text} is text, "^..." is not a string.
    const expanded = (body: unknown): unknown =>
      JSON.parse(
        JSON.stringify(body)
          .replace(/"\^\$\{\d:([^}]*)\}"/g, "$1")
          .replace(/\$\{\d:((?:\\\\\}|[^}])*)\}/g, (_, text: string) => text.replaceAll("\\\\}", "}")),
      ) as unknown;
    const base = { name: "x", task: { kind: "mail" }, method: { kind: "adept" } };
    for (const { label, body } of schema.defaultSnippets ?? [])
      assert.ok(ExperimentFile.safeParse(expanded(body)).success, label);
    for (const key of ["task", "method", "sweep"]) {
      const snippets = schema.properties?.[key]?.defaultSnippets ?? [];
      assert.ok(snippets.length > 0, key);
      for (const { label, body } of snippets) {
        const parsed = ExperimentFile.safeParse({ ...base, [key]: expanded(body) });
        assert.ok(parsed.success, `${key} ${label}: ${JSON.stringify(expanded(body))} ${parsed.error?.message ?? ""}`);
      }
    }
    assert.ok(JSON.stringify(expanded(schema.defaultSnippets)).includes("{text}"));
  },
);
