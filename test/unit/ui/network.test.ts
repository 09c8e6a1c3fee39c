import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { networkUse } from "./networkUse.ts";

const root = join(import.meta.dirname, "../../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const scripts = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`);

test("what reaches the network is seen however it is written, and what only looks like it is not", () => {
  for (const text of [
    "fetch(url)",
    "await fetch(`x`)",
    "globalThis.fetch(url)",
    "window['fetch'](url)",
    "(globalThis as Any).fetch(url)",
    "const get = fetch;",
    "call(fetch)",
    "const { fetch: get } = globalThis;",
    "const { fetch } = self; fetch(u)",
    "({ fetch })",
    "new XMLHttpRequest()",
    "new WebSocket(u)",
    "const S = WebSocket;",
    "navigator.sendBeacon(u)",
    "navigator['sendBeacon'](u)",
    "vscode.env.createTelemetryLogger(s)",
    'import { get } from "node:https";',
    'import "http";',
    'export * from "node:net";',
    'const h = require("https")',
    'const h = require("node:dns/promises")',
    'await import("node:http2")',
    'e("node:tls")',
    'process.getBuiltinModule("http")',
    "function a(fetch){} fetch(u)",
  ])
    assert.notDeepEqual(networkUse("bad.ts", text), [], text);
  for (const text of [
    "git.fetch(remote)",
    "class A { fetch() {} }",
    "const o = { fetch: 1 };",
    "function f(fetch) { return fetch(u); }",
    "import { fetch } from './own.ts'; fetch(u);",
    "const fetch = own; fetch(u);",
    "interface I { fetch: () => void }",
    "fetcher(u)",
    "// fetch(url)",
    "'fetch(url)'",
    "type T = WebSocket;",
    'import type { Server } from "node:http";',
    'kind === "http"',
    "row.http",
    "{ const { fetch } = parts; fetch(); }",
  ])
    assert.deepEqual(networkUse("good.ts", text), [], text);
});

test("no network and no telemetry in what runs in a window: host, page, and all that they share with workers", () => {
  const own = [
    "src/host.ts",
    "src/extension.ts",
    ...[
      "src/ui",
      "src/base",
      "src/protocol",
      "src/experiment",
      "src/record",
      "src/run",
      "src/executor",
      "src/heatmap",
      "webview",
    ].flatMap(scripts),
  ];
  assert.deepEqual(
    own.flatMap((file) => networkUse(file, read(file))),
    [],
  );
});

test("elsewhere the download that a user asks for and the MLflow server that one names are all that reach the network", () => {
  const using = scripts("src").filter((file) => networkUse(file, read(file)).length > 0);
  assert.deepEqual(using, ["src/hub/hubRequest.ts", "src/tracker/mlflow/mlflowRequest.ts"]);
});

test(
  "nor do the bundles of host and page, with the packages that are in them",
  { skip: !existsSync(join(root, "dist/host.cjs")) },
  () => {
    for (const file of ["dist/extension.cjs", "dist/host.cjs", "dist/webview.js", "dist/setup.js", "dist/tokens.js"])
      assert.deepEqual(networkUse(file, read(file)), [], file);
  },
);
