import assert from "node:assert/strict";
import { test } from "node:test";
import { secondsText } from "../../../src/base/text/secondsText.ts";

test("a time has about two digits, in milliseconds below a second", () => {
  assert.deepEqual([0.0004, 0.0042, 0.0396, 0.234, 0.9949, 0.9999, 1.26, 9.94, 9.96, 25.4, 131.2].map(secondsText), [
    "1 ms",
    "4.2 ms",
    "40 ms",
    "230 ms",
    "990 ms",
    "1.0 s",
    "1.3 s",
    "9.9 s",
    "10 s",
    "25 s",
    "131 s",
  ]);
});
