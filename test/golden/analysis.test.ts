import assert from "node:assert/strict";
import { test } from "node:test";
import { alteredBatch, offsetAt, type Alteration, type InputSide } from "../../src/analysis/subject/alteredInput.ts";
import {
  meanOffset,
  offsetSize,
  positionalMeans,
  specificityIndex,
  tokensOf,
} from "../../src/analysis/offsets/offsetStatistics.ts";
import { divergence, offsetChange, sharesOf } from "../../src/analysis/shift/shiftMeasures.ts";
import { neighbours, unitUse } from "../../src/analysis/offsets/vocabularyTable.ts";
import { readSafetensors } from "../../src/backbone/files/safetensors.ts";
import { inputParts } from "../../src/adapter/fold.ts";
import { LocalModel } from "../../src/model/localModel.ts";
import type { Batch } from "../../src/backbone/batch.ts";
import type { EngineSpec } from "../../src/engine/engineSpec.ts";
import { CPU, TORCH, withTorch } from "./engines.ts";
import { openMethodGolden } from "./methodGolden.ts";
import { golden, readJson, withGoldens } from "./shared.ts";

const MODEL = "t5v10-tiny";
interface Loss {
  loss: number;
  example_loss: number[];
}
interface Size {
  tokens: number;
  mean_abs: number;
  std_of_dimension_means: number;
  mean_l2: number;
  std_l2: number;
  embedding_mean_abs: number;
  embedding_std_of_dimension_means: number;
  embedding_mean_l2: number;
  mean_ratio: number;
  ratio_of_means: number;
}
interface Analysed {
  offset: { official_with_padding: Size; valid_tokens: Size };
  specificity_index: number;
  ablation: Record<string, Loss>;
  scale: Record<string, Loss>;
  A3_constant: Loss;
  A4_token_shuffled: Loss & { permutation: number[] };
  A5_misaligned: Loss & { positions: number[][] };
  A6_positional_mean: Loss;
  vocabulary: { dead_hidden_units: number; tokens_with_all_units_off: number; mean_active_units: number[] };
  nearest_by_cosine: {
    token: number;
    before: { ids: number[]; cosine: number[] };
    after: { ids: number[]; cosine: number[] };
  }[];
}
interface Shifted extends Loss {
  kl_from_k0: number[];
  argmax: number[];
  flips: number;
  max_abs_logit_change: number;
  offset_change: number | null;
  offset_cosine: number | null;
}

interface Opened {
  side: InputSide;
  batch: Batch;
  model: LocalModel;
  original: ReturnType<typeof openMethodGolden>;
}
function open(name: string, engine: EngineSpec = CPU): Opened {
  const original = openMethodGolden(MODEL, name, engine);
  const { tuned, parameters, batch } = original;
  const { spec, sizes } = tuned.shape;
  const side = {
    table: tuned.embeddings,
    width: tuned.width,
    ...inputParts({ spec, sizes: { ...sizes, count: 0 }, parameters }, tuned.embeddings),
  };
  return {
    side,
    batch,
    original,
    model: LocalModel.open({
      folder: golden("models", MODEL),
      method: spec,
      sizes: { ...sizes, count: 0 },
      engine,
      inputEmbeddings: true,
    }),
  };
}
const close = async ({ model, original }: Opened): Promise<void> => {
  await model.release();
  await original.tuned.release();
};

async function lossOf({ side, batch, model }: Opened, alteration: Alteration): Promise<number[]> {
  const { sum, tokens } = await model.losses(new Map(), alteredBatch(batch, side, alteration));
  return sum.map((s, i) => s / tokens[i]!);
}
const agrees = (found: readonly number[], { example_loss: expected }: Loss, what: string): void => {
  assert.equal(found.length, expected.length);
  found.forEach((loss, i) => {
    assert.ok(Math.abs(loss / expected[i]! - 1) < 1e-5, `${what}, example ${i}: ${loss} for ${expected[i]}`);
  });
};
const near = (found: number | undefined, expected: number, what: string): void => {
  assert.ok(
    found !== undefined && Math.abs(found - expected) <= 1e-5 * Math.max(1, Math.abs(expected)),
    `${what}: ${found} for ${expected}`,
  );
};

/** The expected figures of each method. */
const analysed = (): Record<"adept" | "dept", Analysed> => readJson("analysis/offsets.json");

withGoldens("analyses", () => {
  for (const name of ["adept", "dept"] as const) {
    test(`${name}: Table 2's sizes with padding and without, and the specificity index`, async () => {
      const opened = open(name);
      const { side, batch } = opened;
      const expected = analysed()[name];
      for (const [padding, key] of [
        [true, "official_with_padding"],
        [false, "valid_tokens"],
      ] as const) {
        const found = offsetSize(side, [batch], padding);
        const wanted = expected.offset[key];
        assert.equal(found.tokens, wanted.tokens);
        for (const [ours, theirs] of [
          ["meanAbs", "mean_abs"],
          ["sdOfDimensions", "std_of_dimension_means"],
          ["meanL2", "mean_l2"],
          ["sdL2", "std_l2"],
          ["embeddingMeanAbs", "embedding_mean_abs"],
          ["embeddingSdOfDimensions", "embedding_std_of_dimension_means"],
          ["embeddingMeanL2", "embedding_mean_l2"],
          ["meanRatio", "mean_ratio"],
          ["ratioOfMeans", "ratio_of_means"],
        ] as const)
          near(found[ours], wanted[theirs], `${key} ${theirs}`);
      }
      near(specificityIndex(side, [batch]), expected.specificity_index, "specificity");
      await close(opened);
    });
  }
});

withGoldens("analyses: vocabulary", () => {
  test("hidden units in use and nearest words are PyTorch's", async () => {
    const opened = open("adept");
    const { side, original } = opened;
    const { vocabulary, nearest_by_cosine: words } = analysed().adept;
    const use = unitUse(side.table, {
      weight: original.parameters.get("w_down")!.data,
      bias: original.parameters.get("b_down")!.data,
    });
    assert.deepEqual([use.dead, use.off], [vocabulary.dead_hidden_units, vocabulary.tokens_with_all_units_off]);
    use.active.forEach((share, i) => {
      near(share, vocabulary.mean_active_units[i]!, `unit ${i}`);
    });
    for (const { token, before, after } of words) {
      const found = neighbours(side, [token])[0]!;
      for (const [ours, theirs] of [
        [found.before, before],
        [found.after, after],
      ] as const) {
        assert.deepEqual(
          ours.map(({ id }) => id),
          theirs.ids,
        );
        ours.forEach(({ cosine }, i) => {
          near(cosine, theirs.cosine[i]!, `${token}`);
        });
      }
    }
    await close(opened);
  });
});

/** Components off, and the offset scaled; what is folded equals what is not. */
async function partsAreGolden(name: "adept" | "dept", engine: EngineSpec): Promise<void> {
  const opened = open(name, engine);
  const { ablation, scale } = analysed()[name];
  const cases: Record<string, Alteration> = {
    full: {},
    ffn_off: { scale: 0 },
    prompt_off: { prompt: "removed" },
    both_off: { scale: 0, prompt: "removed" },
    prompt_zeroed_not_removed: { prompt: "zeroed" },
  };
  for (const [key, alteration] of Object.entries(cases)) agrees(await lossOf(opened, alteration), ablation[key]!, key);
  for (const [factor, wanted] of Object.entries(scale))
    agrees(await lossOf(opened, { scale: Number(factor) }), wanted, `scale ${factor}`);
  const { sum, tokens } = await opened.original.tuned.losses(opened.original.parameters, opened.batch);
  (await lossOf(opened, {})).forEach((loss, i) => {
    assert.ok(Math.abs(loss / (sum[i]! / tokens[i]!) - 1) < 1e-6);
  });
  assert.deepEqual(await lossOf(opened, { scale: 1 }), await lossOf(opened, {}));
  await close(opened);
}

/** ADePT's offset made constant, shuffled among tokens, misaligned, or by position: A3 to A6. */
async function offsetsAreGolden(engine: EngineSpec): Promise<void> {
  const opened = open("adept", engine);
  const { side, batch } = opened;
  const expected = analysed().adept;
  const { width: d } = side;
  const files = readSafetensors(golden("analysis/offsets.safetensors"));
  const constant = meanOffset(side, [batch]);
  const means = positionalMeans(side, [batch]);
  files.get("adept.constant")!.data.forEach((x, i) => {
    near(constant[i], x, `constant ${i}`);
  });
  means.forEach((mean, place) => {
    mean.forEach((x, i) => {
      near(x, files.get("adept.positional_mean")!.data[place * d + i]!, `place ${place}`);
    });
  });
  side.offsets!.rows(0, side.table.tokens).forEach((x, i) => {
    near(x, files.get("adept.offset_table")!.data[i]!, `offset ${i}`);
  });
  const of = (id: number): Float32Array => side.offsets!.row(id);
  const idAt = (row: number, place: number): number => batch.ids[row * batch.sourceLength + place]!;
  agrees(await lossOf(opened, { tokenOffset: () => constant }), expected.A3_constant, "A3");
  agrees(
    await lossOf(opened, { tokenOffset: ({ id }) => of(expected.A4_token_shuffled.permutation[id]!) }),
    expected.A4_token_shuffled,
    "A4",
  );
  agrees(
    await lossOf(opened, {
      tokenOffset: ({ row, place }) => of(idAt(row!, expected.A5_misaligned.positions[row!]![place]!)),
    }),
    expected.A5_misaligned,
    "A5",
  );
  agrees(await lossOf(opened, { tokenOffset: ({ place }) => means[place]! }), expected.A6_positional_mean, "A6");
  // With the identity in place of a permutation each is A0, to the bit.
  const same = await lossOf(opened, {});
  assert.deepEqual(
    [
      await lossOf(opened, { tokenOffset: ({ id }) => of(id) }),
      await lossOf(opened, { tokenOffset: ({ row, place }) => of(idAt(row!, place)) }),
    ],
    [same, same],
  );
  await close(opened);
}

interface Shifts {
  k: number[];
  filler_ids: number[];
  tests: Record<"T1" | "T2" | "T3" | "T4", Record<"adept" | "dept" | "pt", Record<string, Shifted>>>;
}

/** Position shift, tests T1 to T4. */
async function shiftIsGolden(name: "adept" | "dept" | "pt", engine: EngineSpec): Promise<void> {
  const shifts = readJson<Shifts>("analysis/position_shift.json");
  const opened = open(name, engine);
  const { side, batch, model } = opened;
  const V = model.vocabularySize;
  for (const [kind, layout] of [
    ["T1", "reindex"],
    ["T2", "attached"],
    ["T3", "window"],
    ["T4", "prefix"],
  ] as const) {
    let first: Float32Array[] = [];
    for (const k of shifts.k) {
      const wanted = shifts.tests[kind][name][`k${k}`]!;
      const alteration: Alteration = { layout, shift: k, filler: shifts.filler_ids.slice(0, k) };
      const what = `${kind} k=${k}`;
      agrees(await lossOf(opened, alteration), wanted, what);
      const { logits } = await model.forward(new Map(), alteredBatch(batch, side, alteration));
      const rows = Array.from({ length: batch.rows }, (_, row) =>
        (logits.data as Float32Array).slice(row * batch.targetLength * V, (row * batch.targetLength + 1) * V),
      );
      if (k === 0) first = rows;
      rows.forEach((row, i) => {
        near(divergence(sharesOf(first[i]!), row), wanted.kl_from_k0[i]!, `${what} KL`);
        assert.equal(row.indexOf(row.reduce((most, x) => Math.max(most, x), -Infinity)), wanted.argmax[i]);
      });
      const moved = offsetChange(side, [batch], alteration);
      assert.equal(moved === undefined, wanted.offset_change === null, what);
      if (moved !== undefined && wanted.offset_change !== null && kind !== "T4") {
        near(moved.change, wanted.offset_change, `${what} offset change`);
        near(moved.cosine, wanted.offset_cosine!, `${what} cosine`);
      }
    }
  }
  await close(opened);
}

/** What a model computes in the analyses, on one engine. */
function analysesAreGolden(engine: EngineSpec): void {
  const { device } = engine;
  for (const name of ["adept", "dept"] as const)
    test(`${device}: ${name}: components off, and the offset scaled, are PyTorch's; folded equals unfolded`, () =>
      partsAreGolden(name, engine));
  test(`${device}: ADePT's offset made constant, shuffled among tokens, misaligned, or by position: A3 to A6`, () =>
    offsetsAreGolden(engine));
  for (const name of ["adept", "dept", "pt"] as const)
    test(`${device}: ${name}: position shift T1 to T4 is PyTorch's`, () => shiftIsGolden(name, engine));
}

withGoldens("analyses on engines", () => {
  analysesAreGolden(CPU);
  withTorch("analyses", () => {
    analysesAreGolden(TORCH);
  });
});

withGoldens("analyses: exact invariants", () => {
  test("ADePT's offsets know no place, to the bit; DePT's know no token, and T2 is T1 for it; padding changes nothing", async () => {
    const adept = open("adept");
    const dept = open("dept");
    for (const at of tokensOf([adept.batch], false)) {
      const alone = offsetAt(adept.side, { ...at, place: 0 });
      for (const shift of [0, 1, 7]) assert.deepEqual(offsetAt(adept.side, at, { layout: "reindex", shift }), alone);
      assert.deepEqual(offsetAt(dept.side, at), offsetAt(dept.side, { ...at, id: 5 }));
    }
    for (const shift of [1, 4]) {
      assert.deepEqual(await lossOf(adept, { layout: "reindex", shift }), await lossOf(adept, {}));
      const [t1, t2] = [
        await lossOf(dept, { layout: "reindex", shift }),
        await lossOf(dept, { layout: "attached", shift }),
      ];
      t1.forEach((loss, i) => {
        assert.ok(Math.abs(loss / t2[i]! - 1) < 1e-5);
      });
      assert.notDeepEqual(t1, await lossOf(dept, {}));
    }
    const wider = (batch: Batch, more: number): Batch => {
      const sourceLength = batch.sourceLength + more;
      const ids = new Int32Array(batch.rows * sourceLength);
      const mask = new Float32Array(batch.rows * sourceLength);
      for (let row = 0; row < batch.rows; row++) {
        ids.set(batch.ids.subarray(row * batch.sourceLength, (row + 1) * batch.sourceLength), row * sourceLength);
        mask.set(batch.mask.subarray(row * batch.sourceLength, (row + 1) * batch.sourceLength), row * sourceLength);
      }
      return { ...batch, sourceLength, ids, mask };
    };
    for (const opened of [adept, dept]) {
      const padded = await lossOf({ ...opened, batch: wider(opened.batch, 9) }, {});
      (await lossOf(opened, {})).forEach((loss, i) => {
        assert.ok(Math.abs(loss / padded[i]! - 1) < 1e-6, "padding");
      });
    }
    await close(adept);
    await close(dept);
  });
});
