import assert from "node:assert/strict";
import { basename } from "node:path";
import { after, before, test } from "node:test";
import { Dice } from "../campaign/dice.ts";
import type { FileOperation } from "../campaign/diskModel.ts";
import { cutPower, type PowerCuts } from "../campaign/powerCut.ts";
import { record, type Recording } from "../campaign/recording.ts";
import { Amiss, Counter } from "../campaign/tally.ts";

let train: Recording;
let queue: Recording;
before(async () => {
  train = await record("train", "pt");
  queue = await record("queue", "pt");
});
after(() => {
  for (const each of [train, queue]) each?.remove();
});

const cuts = (more: Partial<PowerCuts>): PowerCuts => ({
  dice: new Dice(1, "power", 0),
  share: 1,
  resumes: 0,
  counter: new Counter(),
  ...more,
});

test("after any power cut all readers can open the run, everything acknowledged is there, and a worker continues", async () => {
  const { states, different, resumed } = await cutPower(train, cuts({ share: 0.15, resumes: 1 }));
  assert.ok(states > 200 && different > 40 && resumed > 0, JSON.stringify({ states, different, resumed }));
});

test("the same holds for a queued run that is annotated, deleted and restored, in newly created folders", async () => {
  const { states, different } = await cutPower(queue, cuts({ share: 0.1 }));
  assert.ok(states > 200 && different > 30, JSON.stringify({ states, different }));
});

const isSync = ({ op }: FileOperation, path: string | undefined, of: (name: string) => boolean): boolean =>
  op === "sync" && path !== undefined && of(basename(path));
const LEFT_OUT: Readonly<Record<string, [recording: () => Recording, of: (name: string) => boolean, lost: RegExp]>> = {
  "the journal": [() => train, (name) => name === "events.jsonl", /the journal has lost/],
  "a checkpoint": [() => train, (name) => name.startsWith("state.safetensors"), /its checkpoint is not whole/],
  "the checkpoint's folder": [
    () => train,
    (name) => name === "checkpoint",
    /the checkpoint of step \d+ was said to be saved, and is gone/,
  ],
  "a run's folder": [() => train, (name) => /^\d{8}-/.test(name), /is gone|announced|lost|is not there/],
  "the folder of runs": [() => train, (name) => name === "runs", /run .* was announced, and is gone/],
  "the folders above it": [
    () => queue,
    (name) => name === "results" || name === "of" || name === "mine",
    /run .* was announced, and is gone/,
  ],
  "the inbox of a run at work": [() => queue, (name) => name === "inbox", /the journal has lost/],
  "the adapter": [() => train, (name) => name === "adapter_config.json", /the run has finished, and its adapter/],
};
for (const [what, [recording, of, lost]] of Object.entries(LEFT_OUT)) {
  test(`a program that would not sync ${what} is found out`, async () => {
    await assert.rejects(
      cutPower(recording(), cuts({ only: (operation, path) => !isSync(operation, path, of) })),
      (error) => error instanceof Amiss && lost.test(error.message),
    );
  });
}
