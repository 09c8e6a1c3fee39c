import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ExperimentFile } from "../../src/experiment/experiment.ts";
import { loadTask } from "../../src/task/loadTask.ts";
import { SETS } from "../bench/sets.ts";
import { golden, withGoldens } from "./shared.ts";

const DATA = golden("../data");

withGoldens("real tasks", () => {
  for (const [set, name] of existsSync(DATA) ? Object.entries(SETS) : []) {
    test(`${set}: all three splits load, every label is one of its classes`, async () => {
      const data = await loadTask(
        ExperimentFile.shape.task.parse(
          name === "text"
            ? { kind: "text", folder: join(DATA, set) }
            : { kind: "named", name, folder: join(DATA, set) },
        ),
      );
      for (const split of ["train", "validation", "test"] as const) {
        assert.ok(data[split].length > 20, `${split}: ${data[split].length}`);
        assert.ok(
          data[split].every(
            ({ source, target }) =>
              source.length > 5 && target !== "" && (data.labels.length === 0 || data.labels.includes(target)),
          ),
        );
      }
      if (data.labels.length > 0)
        assert.equal(new Set(data.train.map((e) => e.target)).size, data.labels.length, "every class occurs");
      if (name === "multirc") assert.ok(new Set(data.test.map((e) => e.group)).size < data.test.length);
    });
  }
});
