import assert from "node:assert/strict";
import { test } from "node:test";
import { english } from "../../../src/base/phrase.ts";
import { interruptionCause } from "../../../src/run/interruption/interruptionCause.ts";

const memory = {
  needed: 7.9e9,
  available: 8.1e9,
  copies: 1,
  wanted: 1,
  oomKills: 3,
  less: "training.maxSourceLength 128 would need 4.1 GB",
};
const PLAIN = "The worker ended without reporting a reason; resume continues from the last checkpoint.";

test("if the system has killed a process for lack of memory since, the message says so and what would need less", () => {
  assert.equal(
    english(interruptionCause({ memory }, 4)),
    "The system ended the worker for lack of memory: it needed about 7.9 GB, and 8.1 GB were free when it began. Free some and resume, or train again: training.maxSourceLength 128 would need 4.1 GB.",
  );
  assert.match(
    english(interruptionCause({ memory: { ...memory, less: undefined } }, 4)),
    /train again: a shorter training\.maxSourceLength or a smaller backbone needs less\.$/,
  );
});

test("if it has not, or does not tell, the message names no cause", () => {
  for (const [known, kills] of [
    [memory, 3],
    [memory, 2],
    [memory, undefined],
    [{ ...memory, oomKills: undefined }, 9],
    [undefined, 9],
  ] as const)
    assert.equal(english(interruptionCause({ memory: known }, kills)), PLAIN);
});
