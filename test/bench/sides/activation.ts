// Loads the extension's bundle under a stand-in for VS Code that takes every call and does nothing, and activates it:
// the time is the extension's own.
import Module, { createRequire } from "node:module";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../../..");
// Every property, call and construction returns the same object; as an iterator it is empty.
const anything: unknown = new Proxy(
  function () {
    /* a target that can be called and extended */
  },
  {
    get: (_, key) => {
      if (key === Symbol.toPrimitive) return () => "";
      return key === "then" ? undefined : anything;
    },
    apply: () => anything,
    construct: () => anything as object,
  },
);
const loader = Module as unknown as { _load: (name: string, ...rest: unknown[]) => unknown };
const load = loader._load;
loader._load = (name, ...rest) => (name === "vscode" ? anything : load.call(Module, name, ...rest));

const from = performance.now();
const extension = createRequire(import.meta.url)(join(ROOT, "dist/extension.cjs")) as {
  activate: (context: unknown) => void;
};
const loaded = performance.now();
const subscriptions: unknown[] = [];
const context = new Proxy(
  { subscriptions, asAbsolutePath: (path: string) => join(ROOT, path) },
  { get: (own, key) => (key in own ? own[key as keyof typeof own] : anything) },
);
extension.activate(context);
const activated = performance.now();
console.log(JSON.stringify({ load: loaded - from, activate: activated - loaded }));
process.exit(0);
