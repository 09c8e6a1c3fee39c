import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { TABS } from "../../src/protocol/tabs.ts";
import { SHOTS } from "./panelFixture.ts";
// Each registers its tests; they are one process, since they share runs that take minutes to train.
import "./panelAppearance.ts";
import "./panelExports.ts";
import "./panelStates.ts";
import "./panelCompare.ts";
import "./panelLive.ts";

test("pictures of all tabs are kept for who wants to look", () => {
  const made = TABS.map((tab) => readFileSync(join(SHOTS, `dark-${tab}.png`)).length);
  assert.ok(made.every((size) => size > 5000));
  writeFileSync(
    join(SHOTS, "README.txt"),
    "Pictures of every tab in four themes and three widths, made by the tests.\n",
  );
});
