import assert from "node:assert/strict";
import { test } from "node:test";
import { patiently, planFor } from "./checkPlan.ts";
import type { Facts } from "./facts.ts";
import { bytesOf } from "./modelShape.ts";

const GIB = 2 ** 30;

const machine = (gigabytes: number, bf16 = true): Facts => ({
  devices: ["cpu"],
  why: "",
  torch: {
    python: "3.11.7",
    torch: "2.13.0",
    cuda: "12.8",
    hip: "",
    driver: "580",
    threads: 8,
    executable: "python3",
    devices: [{ name: "a GPU", free: gigabytes * GIB, total: gigabytes * GIB, bf16 }],
  },
});

test("a large GPU gets whole models, a small one or a small disk fewer layers of the large ones", () => {
  const names = (gigabytes: number, room = Infinity): string[] =>
    planFor(machine(gigabytes), room).shapes.map(({ shape }) => shape.name);
  assert.deepEqual(names(139), ["T5-base", "Llama-3-8B", "SmolLM2-135M", "T5-3B"]);
  for (const cut of [planFor(machine(24), Infinity), planFor(machine(139), 5 * GIB)]) {
    assert.equal(cut.shapes[0]!.shape.name, "T5-base");
    assert.match(cut.shapes[1]!.shape.name, /^Llama-3-8B with \d+ of 32 layers$/);
    for (const { shape } of cut.shapes) assert.ok(bytesOf(shape) <= 5 * GIB);
  }
});

test("all parts end within 8 minutes, and a GPU without bf16 is asked for fp32 alone", () => {
  assert.ok(planFor(machine(139), Infinity).seconds <= 480);
  for (const { own, peers, compiled } of planFor(machine(139, false), Infinity).shapes)
    assert.deepEqual([own, peers, compiled], [["fp32"], ["eager"], "compile"]);
});

test("without a GPU the plan is the dry run, and patience multiplies every limit", () => {
  const dry = planFor({ ...machine(1), torch: undefined }, Infinity);
  assert.equal(dry.isGpu, false);
  const twice = patiently(dry, 2);
  assert.deepEqual([twice.seconds, twice.run, twice.latency], [2 * dry.seconds, 2 * dry.run, 2 * dry.latency]);
});
