import assert from "node:assert/strict";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openBackbone } from "../../../src/backbone/openBackbone.ts";
import { readSafetensors, writeSafetensors } from "../../../src/backbone/files/safetensors.ts";
import { narrowForm } from "../../../src/backbone/files/narrowForm.ts";
import { quantiseRows } from "../../../src/engine/narrowing.ts";
import { UserError } from "../../../src/base/errors.ts";
import type { Precision } from "../../../src/engine/precisionSpec.ts";
import { backboneFolder } from "../../../src/backbone/backboneFolder.ts";

const place = mkdtempSync(join(tmpdir(), "adept-narrow-"));
const cache = join(place, "cache");
const embedded = backboneFolder("tiny-t5");
process.env["ADEPT_CACHE"] = cache;
after(() => {
  rmSync(place, { recursive: true, force: true });
});
/** The embedded backbone as fp32 (its file is fp16). */
const folder = changed("wide", () => {
  /* as it is */
});
const filesOf = (precision: Precision): string[] =>
  readdirSync(join(cache, "weights"))
    .filter((name) => name.endsWith(`-${precision}.safetensors`))
    .map((name) => join(cache, "weights", name));
const table = (precision: Precision, from = folder): Float32Array => {
  const {
    weights,
    layout: { vocabulary, width },
  } = openBackbone(from, { precision });
  return weights.read("shared.weight", [vocabulary, width]);
};

/** A folder with the embedded backbone's tensors in fp32, changed. */
function changed(name: string, change: (values: Float32Array) => void): string {
  const to = join(place, name);
  const path = join(to, "model.safetensors");
  cpSync(embedded, to, { recursive: true });
  const tensors = readSafetensors(path);
  change(tensors.get("shared.weight")!.data);
  writeSafetensors(path, tensors);
  return to;
}

test("matrices and the embedding are narrow, norms and position biases are not, and what is read is what is multiplied by", () => {
  const { weights, layout } = openBackbone(folder, { precision: "int8" });
  const wide = openBackbone(folder);
  const { vocabulary, width } = layout;
  const dims = [vocabulary, width];
  const biases = layout.weights.filter(({ role }) => role === "positions");
  assert.equal(weights.locate("shared.weight", dims).type, "int8");
  assert.equal(weights.locate("encoder.final_layer_norm.weight", [width]).narrow, undefined);
  assert.deepEqual(
    biases.map(({ name, dims: own }) => [name, weights.locate(name, own).narrow]),
    ["encoder", "decoder"].map((side) => [
      `${side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`,
      undefined,
    ]),
  );
  const { levels, scales } = quantiseRows(wide.weights.read("shared.weight", dims), width);
  const read = weights.read("shared.weight", dims);
  assert.ok(read.every((value, i) => value === Math.fround(levels[i]! * scales[Math.floor(i / width)]!)));
  assert.deepEqual(weights.rows("shared.weight", dims, [5, 9]), read.slice(5 * width, 9 * width));
  assert.ok(weights.bytes < 0.3 * wide.weights.bytes, `${weights.bytes} of ${wide.weights.bytes} bytes`);
});

test("in four bits a matrix has groups of 32, a table and a matrix of other widths are int8; what is read is near", () => {
  const wide = openBackbone(folder);
  for (const [precision, type, bits] of [
    ["int4", "int4", 5],
    ["int4-asym", "uint4", 6],
  ] as const) {
    const { weights, layout } = openBackbone(folder, { precision });
    for (const { name, dims, role } of layout.weights) {
      if (role !== "matrix" && role !== "embedding") continue;
      const place = weights.locate(name, dims);
      assert.equal(place.type, role === "matrix" ? type : "int8", name);
      if (role !== "matrix") continue;
      assert.equal(place.group, 32);
      assert.equal(place.bytes, dims.reduce((a, b) => a * b, 1) / 2);
      const [own, exact] = [weights.read(name, dims), wide.weights.read(name, dims)];
      const spread = Math.sqrt(exact.reduce((sum, x) => sum + x * x, 0) / exact.length);
      const error = Math.sqrt(exact.reduce((sum, x, i) => sum + (x - own[i]!) ** 2, 0) / exact.length);
      assert.ok(error < 0.12 * spread && error > 0.01 * spread, `${name}: ${error} of ${spread}`);
    }
    const matrices = layout.weights.filter(({ role }) => role === "matrix");
    const values = matrices.reduce((sum, { dims }) => sum + dims.reduce((a, b) => a * b, 1), 0);
    const [vocabulary, width] = [layout.vocabulary, layout.width];
    const table = vocabulary * (width + 4);
    const others = weights.bytes - (values * bits) / 8 - table;
    assert.ok(others >= 0 && others < 0.01 * weights.bytes, `${weights.bytes}: ${others} besides`);
  }
  assert.equal(narrowForm({ dims: [8, 48], isTable: false }, "int4").type, "int8");
});

test("a file of the cache is used again while it is whole, and made anew where it is not", () => {
  const expected = table("int8");
  const [path] = filesOf("int8");
  const whole = readFileSync(path!);
  const old = new Date(2001, 1, 1);
  utimesSync(path!, old, old);
  table("int8");
  assert.equal(statSync(path!).mtimeMs, old.getTime(), "not written again");
  const damages: Record<string, () => void> = {
    "one bit": () => {
      const bytes = Buffer.from(whole);
      bytes[bytes.length - 9]! ^= 1;
      writeFileSync(path!, bytes);
    },
    "a bit of a scale": () => {
      const bytes = Buffer.from(whole);
      bytes[8 + Number(bytes.readBigUInt64LE()) + 2]! ^= 1;
      writeFileSync(path!, bytes);
    },
    "its end": () => {
      truncateSync(path!, whole.length - 5);
    },
    everything: () => {
      writeFileSync(path!, "");
    },
  };
  for (const [what, damage] of Object.entries(damages)) {
    damage();
    assert.deepEqual(table("int8"), expected, what);
    assert.ok(readFileSync(path!).equals(whole), what);
  }
  assert.deepEqual(
    readdirSync(join(cache, "weights")).filter((name) => name.includes(".tmp")),
    [],
  );
});

test("another content is another file, the same content elsewhere is the same one", () => {
  table("bf16");
  const [first] = filesOf("bf16");
  table(
    "bf16",
    changed("same", () => {
      /* as it is */
    }),
  );
  assert.deepEqual(filesOf("bf16"), [first]);
  table(
    "bf16",
    changed("other", (values) => {
      values[3] = 0.5;
    }),
  );
  assert.equal(filesOf("bf16").length, 2);
});

test("what lies in the wanted form already is read where it lies", () => {
  const { layout } = openBackbone(embedded);
  const before = readdirSync(join(cache, "weights")).length;
  const held = openBackbone(embedded, { precision: "fp16" }).weights.locate("shared.weight", [
    layout.vocabulary,
    layout.width,
  ]);
  assert.deepEqual(
    [held.file, held.type, held.narrow, readdirSync(join(cache, "weights")).length],
    [join(embedded, "model.safetensors"), "float16", true, before],
  );
});

test("values that a form cannot hold are refused, by tensor", () => {
  const told = (precision: Precision, from: string, ...parts: string[]): void => {
    assert.throws(
      () => table(precision, from),
      (error) => error instanceof UserError && parts.every((part) => error.message.includes(part)),
    );
  };
  const large = changed("large", (values) => {
    values[7] = 1e5;
  });
  const none = changed("none", (values) => {
    values[7] = NaN;
  });
  told("fp16", large, "shared.weight", "too large", "fp16");
  assert.equal(table("bf16", large)[7], 99840);
  for (const precision of ["int8", "bf16", "fp16"] as const) told(precision, none, "shared.weight", "not finite");
});
