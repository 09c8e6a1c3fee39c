import assert from "node:assert/strict";
import { test } from "node:test";
import { Setting } from "../../../src/ui/window/ids.ts";
import { loadParts } from "../../host/loadParts.ts";

const {
  choiceSetting,
  booleanSetting,
  integerSetting,
  objectSetting,
  textSetting,
  vscode: { settings, warnings },
} = await loadParts();
const READ: Record<Setting, { read: () => unknown; otherwise: unknown; good: unknown; wrong: readonly unknown[] }> = {
  [Setting.commitRuns]: {
    read: () => booleanSetting(Setting.commitRuns),
    otherwise: true,
    good: false,
    wrong: ["no", 0, null],
  },
  [Setting.notifications]: {
    read: () => booleanSetting(Setting.notifications),
    otherwise: true,
    good: false,
    wrong: ["off", []],
  },
  [Setting.heatmapOnOpen]: {
    read: () => booleanSetting(Setting.heatmapOnOpen, undefined, false),
    otherwise: false,
    good: true,
    wrong: [1],
  },
  [Setting.heatmapMeasure]: {
    read: () => choiceSetting(Setting.heatmapMeasure, ["norm", "units"]),
    otherwise: undefined,
    good: "units",
    wrong: [7, "size"],
  },
  [Setting.budget]: {
    read: () => integerSetting(Setting.budget, { least: 1, most: 100, otherwise: 12 }),
    otherwise: 12,
    good: 50,
    wrong: ["many", 0, 101, 2.5],
  },
  [Setting.backbonesFolder]: {
    read: () => textSetting(Setting.backbonesFolder),
    otherwise: "",
    good: "/models",
    wrong: [3, { path: "/" }],
  },
  [Setting.torchPython]: {
    read: () => textSetting(Setting.torchPython),
    otherwise: "",
    good: "~/venv",
    wrong: [3.11, ["python3"]],
  },
  [Setting.slurmDefaults]: {
    read: () => objectSetting(Setting.slurmDefaults),
    otherwise: {},
    good: { partition: "gpu" },
    wrong: [7, "gpu", null, []],
  },
  [Setting.liveTrackers]: {
    read: () => objectSetting(Setting.liveTrackers),
    otherwise: {},
    good: { tensorboard: "logs" },
    wrong: [true, "logs", null, []],
  },
};

for (const [setting, { read, otherwise, good, wrong }] of Object.entries(READ)) {
  test(`${setting}: a value that it cannot be counts as the default, with one warning however often it is read; a good one is taken at once`, () => {
    settings.set(setting, good);
    assert.deepEqual(read(), good);
    assert.deepEqual(warnings.splice(0), []);
    for (const value of wrong) {
      settings.set(setting, value);
      for (let time = 0; time < 3; time++) assert.deepEqual(read(), otherwise, JSON.stringify(value));
      assert.equal(warnings.length, 1, JSON.stringify(value));
      const [text = ""] = warnings.splice(0);
      assert.ok(text.includes(setting) && text.includes(JSON.stringify(value)), text);
    }
    settings.set(setting, good);
    assert.deepEqual(read(), good, "followed without loading anew");
    settings.set(setting, wrong[0]);
    assert.deepEqual([read(), warnings.splice(0)], [otherwise, []], "what was said of it once is not said again");
  });
}

test("the warning cuts a long value", () => {
  settings.set(Setting.budget, "x".repeat(5000));
  integerSetting(Setting.budget, { least: 1, most: 2, otherwise: 1 });
  const [text = ""] = warnings.splice(0);
  assert.ok(text.length < 200 && text.includes("xxx…"), text);
});
