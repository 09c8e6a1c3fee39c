import assert from "node:assert/strict";
import { test } from "node:test";
import { setKey } from "../../../src/base/keyPath.ts";

test("a dotted key reaches into lists: an item is changed, added after the last, or taken away; other items stay", () => {
  const root = { sweep: { methods: [{ kind: "adept" }, { kind: "pt" }] } };
  setKey(root, "sweep.methods.1.promptLength", 4);
  setKey(root, "sweep.methods.2", { kind: "dept" });
  setKey(root, "sweep.methods.0", null);
  assert.deepEqual(root, { sweep: { methods: [{ kind: "pt", promptLength: 4 }, { kind: "dept" }] } });
});

test("a key that is no item of the list replaces it, as any value is replaced", () => {
  const root: Record<string, unknown> = { a: [1] };
  setKey(root, "a.b", 2);
  assert.deepEqual(root, { a: { b: 2 } });
});
