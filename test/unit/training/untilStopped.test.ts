import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeAll, type ExampleEncoder } from "../../../src/training/batch/exampleEncoder.ts";
import { PreparationStopped, untilStopped } from "../../../src/training/data/preparing.ts";

const preparing = (stopRequested: () => boolean): Parameters<typeof untilStopped>[1] => ({
  progress: () => undefined,
  stopRequested,
});

test("a stop is heard while a part is made that never comes", async () => {
  let asked = 0;
  async function* parts(): AsyncGenerator<number> {
    yield 1;
    asked++;
    await new Promise(() => undefined);
  }
  const seen: number[] = [];
  await assert.rejects(async () => {
    for await (const part of untilStopped(
      parts(),
      preparing(() => asked > 0),
    ))
      seen.push(part);
  }, PreparationStopped);
  assert.deepEqual(seen, [1]);
});

test("parts come in order and whole, and what gives them is closed when no more are wanted", async () => {
  let closed = 0;
  async function* parts(): AsyncGenerator<number> {
    try {
      for (const part of [1, 2, 3]) yield await Promise.resolve(part);
    } finally {
      closed++;
    }
  }
  const all: number[] = [];
  for await (const part of untilStopped(
    parts(),
    preparing(() => false),
  ))
    all.push(part);
  assert.deepEqual([all, closed], [[1, 2, 3], 1]);
  for await (const part of untilStopped(
    parts(),
    preparing(() => false),
  ))
    if (part === 2) break;
  await new Promise(setImmediate);
  assert.equal(closed, 2);
});

test("what goes wrong with a part is thrown as it is", async () => {
  async function* parts(): AsyncGenerator<number> {
    throw await Promise.resolve(new RangeError("a part"));
  }
  await assert.rejects(
    async () => {
      for await (const part of untilStopped(
        parts(),
        preparing(() => false),
      ))
        assert.fail(String(part));
    },
    { message: "a part" },
  );
});

test("the encoding of examples in memory hears a stop, and a signal, before it has seen them all", async () => {
  let encoded = 0;
  let signalled = false;
  const encoder = {
    encode: () => {
      encoded++;
      setImmediate(() => (signalled = true));
      return Promise.resolve({});
    },
  } as unknown as ExampleEncoder;
  const examples = Array.from({ length: 1000 }, () => ({ source: "a", target: "b" }));
  await assert.rejects(
    encodeAll(examples, encoder, () => {
      if (signalled) throw new PreparationStopped();
    }),
    PreparationStopped,
  );
  assert.ok(encoded > 0 && encoded < 200, String(encoded));
  assert.equal((await encodeAll(examples, encoder)).length, 1000);
});
