import assert from "node:assert/strict";
import { test } from "node:test";
import { rowsIn } from "../../../src/backbone/tokenRows.ts";
import { foldAgainst, stateFold } from "../../../src/analysis/latency/foldStatement.ts";
import { formsOf } from "../../../src/analysis/latency/latencyForms.ts";
import { randomSubject } from "./randomSubject.ts";

test("the fold is compared with the other form on the same batch and in the same round", () => {
  const race = (form: string, length: number, endToEnd: number[]) => ({ form, length, batchSize: 1, endToEnd });
  // Rounds differ tenfold; within one the fold takes 0.9 and 1.1 of the other's time.
  const races = [
    race("f", 8, [9, 90, 9]),
    race("f", 16, [110, 11, 110]),
    race("pt", 16, [100, 10, 100]),
    race("pt", 8, [10, 100, 10]),
  ];
  const [found, none] = foldAgainst(races, "f", ["pt", "dept"]);
  assert.deepEqual(
    [found!.against, found!.ratio.n, found!.cells.map(({ length, ratio }) => [length, ratio.median])],
    [
      "pt",
      6,
      [
        [8, 0.9],
        [16, 1.1],
      ],
    ],
  );
  assert.ok(Math.abs(found!.ratio.median - 1) < 1e-9);
  assert.equal(none, undefined);
});

test("a fold of another run shows in different predictions", async () => {
  const { subject, close } = await randomSubject({ kind: "adept", promptLength: 4, bottleneck: 8 });
  try {
    const own = formsOf(subject, 16);
    const told = await stateFold(subject, own, []);
    const { tokens, width } = subject.side.table;
    const offsets = rowsIn(
      subject.side.offsets!.rows(0, tokens).map((x) => -3 * x),
      width,
    );
    assert.deepEqual(told, {
      form: "adept folded",
      against: [],
      predictions: { equal: subject.test.length, total: subject.test.length },
    });
    const wrong = await stateFold(subject, formsOf({ ...subject, side: { ...subject.side, offsets } }, 16), []);
    assert.ok(wrong!.predictions.equal < wrong!.predictions.total, `${wrong!.predictions.equal}`);
  } finally {
    await close();
  }
});

test("a run without a fold has no statement; one without a prompt is compared with the backbone alone", async () => {
  const pt = await randomSubject({ kind: "pt", promptLength: 3 });
  const bare = await randomSubject({ kind: "adept", promptLength: 0, bottleneck: 4 });
  try {
    assert.equal(await stateFold(pt.subject, formsOf(pt.subject, 8), []), undefined);
    const forms = formsOf(bare.subject, 8);
    const told = await stateFold(
      bare.subject,
      forms,
      forms.map(({ form }) => ({ form, length: 8, batchSize: 1, endToEnd: [1] })),
    );
    assert.deepEqual(
      told!.against.map(({ against }) => against),
      ["backbone alone", "dept", "adept"],
    );
  } finally {
    await pt.close();
    await bare.close();
  }
});
