import assert from "node:assert/strict";
import { test } from "node:test";
import { setKey } from "../../../src/base/keyPath.ts";

test("a dotted path can change an item of a list, append one or delete one, and leaves the other items alone", () => {
  const root = { sweep: { methods: [{ kind: "adept" }, { kind: "pt" }] } };
  setKey(root, "sweep.methods.1.promptLength", 4);
  setKey(root, "sweep.methods.2", { kind: "dept" });
  setKey(root, "sweep.methods.0", null);
  assert.deepEqual(root, { sweep: { methods: [{ kind: "pt", promptLength: 4 }, { kind: "dept" }] } });
});

test("a key that is not an item of the list replaces the whole list, as it would any other value", () => {
  const root: Record<string, unknown> = { a: [1] };
  setKey(root, "a.b", 2);
  assert.deepEqual(root, { a: { b: 2 } });
});
