import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { UserError } from "../../../src/base/errors.ts";
import { checkedPlaces, placesOf, placesPath } from "../../../src/run/files/trackerPlaces.ts";

const root = mkdtempSync(join(tmpdir(), "adept-places-"));
const run = join(root, ".adept/runs/one");
mkdirSync(run, { recursive: true });
after(() => {
  rmSync(root, { recursive: true, force: true });
});
const isUser = (code: string) => (error: unknown) => error instanceof UserError && error.code === code;

test("without being asked by name, a run is kept nowhere", () => {
  assert.deepEqual(placesOf(run), {});
  assert.deepEqual(checkedPlaces(undefined, root, "here"), {});
});

test("a run has its own places before those of all runs; folders are meant from where they are written", () => {
  writeFileSync(
    join(root, ".adept/trackers.json"),
    '{ "tensorboard": "../logs", /* all */ "mlflow": "http://host:5000/", }',
  );
  assert.deepEqual(placesOf(run), { tensorboard: join(root, "logs"), mlflow: "http://host:5000" });
  writeFileSync(placesPath(run), JSON.stringify(checkedPlaces({ mlflow: "ml", wandb: "/w" }, root, "here")));
  assert.deepEqual(placesOf(run), {
    tensorboard: join(root, "logs"),
    mlflow: join(root, "ml"),
    wandb: resolve("/w"),
  });
});

test("what is no place is refused", () => {
  for (const value of [7, [], { tensorbord: "x" }, { wandb: "" }, { mlflow: 5000 }])
    assert.throws(() => checkedPlaces(value, root, "here"), isUser("trackers-malformed"), JSON.stringify(value));
  assert.throws(() => checkedPlaces({ mlflow: "sqlite:///x.db" }, root, "here"), isUser("tracker-address-unknown"));
  assert.throws(
    () => checkedPlaces({ mlflow: "https://a:b@host" }, root, "here"),
    isUser("tracker-address-with-password"),
  );
  writeFileSync(join(root, ".adept/trackers.json"), "{ tensorboard");
  assert.throws(() => placesOf(run), isUser("trackers-not-json"));
});
