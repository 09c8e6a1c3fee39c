import assert from "node:assert/strict";
import fs, { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import {
  readHeader,
  readSafetensors,
  writeSafetensors,
  type Tensors,
} from "../../../src/backbone/files/safetensors.ts";
import type { BackboneLayout } from "../../../src/backbone/layout.ts";
import { loadTokenizer } from "../../../src/backbone/tokenizer/tokenizer.ts";
import { UserError } from "../../../src/base/errors.ts";
import { loadAdapter, saveAdapter } from "../../../src/adapter/adapterFolder.ts";
import { LocalModel } from "../../../src/model/localModel.ts";
import { backboneFolder } from "../../../src/backbone/backboneFolder.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "adept-weights-"));
  cpSync(backboneFolder("tiny-t5"), folder, { recursive: true });
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const layout = (width: number): BackboneLayout => ({
  isCausal: false,
  width,
  vocabulary: 1,
  embedding: "",
  head: { module: "", tied: true },
  linears: [],
  norms: [],
  sublayers: [],
  defaultTargets: { lora: [], ia3: { outputs: [], inputs: [] } },
  weights: [],
});
const WEIGHTS = "model.safetensors";
const at = (name: string): string => join(folder, name);
const config = (change: object): void => {
  writeFileSync(
    at("config.json"),
    JSON.stringify({ ...(JSON.parse(readFileSync(at("config.json"), "utf8")) as object), ...change }),
  );
};
const refuses = (action: () => unknown, ...words: RegExp[]): void => {
  assert.throws(action, (error) => {
    assert.ok(error instanceof UserError, String(error));
    for (const word of words) assert.match(error.message, word);
    return true;
  });
};

/** Compiling is what looks every weight up. */
async function open(): Promise<void> {
  const method = { kind: "pt", promptInit: "random", initText: "" } as const;
  const model = LocalModel.open({
    folder,
    method,
    sizes: { promptLength: 1, bottleneck: 0, count: 0 },
    engine: { device: "cpu", threads: 1, replicas: 1 },
  });
  try {
    const prompt = { name: "prompt", dims: [1, model.width], group: "prompt", data: new Float32Array(model.width) };
    const batch = {
      rows: 1,
      sourceLength: 1,
      targetLength: 1,
      ids: Int32Array.of(5),
      mask: Float32Array.of(1),
      labels: Int32Array.of(1),
    };
    await model.losses(new Map([["prompt", prompt]]), batch);
  } finally {
    await model.release();
  }
}
const refusesToOpen = (...words: RegExp[]): Promise<void> =>
  assert.rejects(open(), (error) => {
    assert.ok(error instanceof UserError, String(error));
    for (const word of words) assert.match(error.message, word);
    return true;
  });

function rewriteHeader(
  change: (header: Record<string, { shape: number[]; data_offsets: [number, number]; dtype: string }>) => void,
): void {
  const bytes = readFileSync(at(WEIGHTS));
  const size = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.subarray(8, 8 + size).toString()) as Parameters<typeof change>[0];
  change(header);
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  writeFileSync(at(WEIGHTS), Buffer.concat([length, json, bytes.subarray(8 + size)]));
}

test("the folder as it is opens", open);

test("missing weights are named", async () => {
  rmSync(at(WEIGHTS));
  await refusesToOpen(/has no model\.safetensors/, new RegExp(folder));
});

test("truncated weights are named with the tensor that is cut", async () => {
  const { size } = { size: readFileSync(at(WEIGHTS)).length };
  for (const [kept, words] of [
    [size - 10, /model\.safetensors.*"/],
    [5000, /model\.safetensors/],
    [40, /truncated|header/],
    [3, /3 bytes/],
    [0, /0 bytes/],
  ] as const) {
    truncateSync(at(WEIGHTS), kept);
    await refusesToOpen(words);
  }
});

test("a tensor of another shape, a missing one and one of integers are named", async () => {
  const name = "decoder.block.1.layer.0.SelfAttention.k.weight";
  rewriteHeader((header) => {
    header[name]!.shape = [...header[name]!.shape.slice(0, 1).map((d) => d / 2), header[name]!.shape[1]! * 2];
  });
  await refusesToOpen(
    new RegExp(name.replaceAll(".", "\\.")),
    /has shape \(64, 256\), config\.json asks for \(128, 128\)/,
  );
  rewriteHeader((header) => {
    delete header[name];
  });
  await refusesToOpen(new RegExp(`lack tensor "${name.replaceAll(".", "\\.")}"`));
});

test("header entries that lie about offsets, sizes or types are refused", () => {
  const cases: [(entry: { shape: number[]; data_offsets: [number, number]; dtype: string }) => void, RegExp][] = [
    [
      (e) => {
        e.data_offsets = [e.data_offsets[0], e.data_offsets[1] + 2];
      },
      /shared\.weight/,
    ],
    [
      (e) => {
        e.data_offsets = [-2, e.data_offsets[1]];
      },
      /shared\.weight/,
    ],
    [
      (e) => {
        e.shape = [1e9, 1e9];
      },
      /shared\.weight/,
    ],
    [
      (e) => {
        e.dtype = "Q4";
      },
      /unsupported type Q4/,
    ],
  ];
  const good = readFileSync(at(WEIGHTS));
  for (const [lie, words] of cases) {
    writeFileSync(at(WEIGHTS), good);
    rewriteHeader((header) => {
      lie(header["shared.weight"]!);
    });
    refuses(() => readHeader(at(WEIGHTS)), words);
  }
});

test("an unknown model type, a wrong config key and a config that is not JSON are named", async () => {
  config({ model_type: "mamba" });
  await refusesToOpen(/config\.json/, /"mamba" is not supported/);
  config({ model_type: "t5", d_model: -4 });
  await refusesToOpen(/config\.json: d_model/);
  writeFileSync(at("config.json"), "{");
  await refusesToOpen(/config\.json cannot be read as JSON/);
});

test("a missing and a damaged tokenizer are named", () => {
  writeFileSync(at("tokenizer.json"), "{}");
  refuses(() => loadTokenizer(folder), /tokenizer\.json is not a tokenizer/);
  rmSync(at("tokenizer.json"));
  refuses(() => loadTokenizer(folder), /has no tokenizer\.json/);
});

test("an adapter goes out and in with the same bits; one of another width or a damaged one is named", () => {
  const dims = { prompt: [3, 4], w_down: [4, 2], b_down: [2], w_up: [2, 4], b_up: [4] };
  const parameters = new Map(
    Object.entries(dims).map(([name, d], i) => [
      name,
      {
        name,
        dims: d,
        group: name === "prompt" ? "prompt" : "ffn",
        data: Float32Array.from({ length: d.reduce((a, b) => a * b) }, (_, j) => Math.fround(i + j / 7)),
      },
    ]),
  );
  const sizes = { promptLength: 3, bottleneck: 2, count: 34 };
  const spec = { kind: "adept", variant: "standard", promptInit: "random", initText: "", dropout: 0 } as const;
  saveAdapter(folder, { spec, sizes, parameters }, { backbone: "tiny-t5", layout: layout(4) });
  assert.deepEqual(loadAdapter(folder, layout(4)), { spec, sizes, parameters });
  refuses(() => loadAdapter(folder, layout(8)), /adapter_model\.safetensors/, /"prompt" has shape \(3, 4\).*\(3, 8\)/);
  writeFileSync(at("adapter_config.json"), '{"peft_type":"LOHA"}');
  refuses(() => loadAdapter(folder, layout(4)), /adapter_config\.json/, /peft_type/);
});

const tensors = (value: number): Tensors => new Map([["x", { dims: [2], data: Float32Array.of(value, value) }]]);

test("a full disk is said, and the file that was there stays whole", () => {
  const path = at("state.safetensors");
  const { writeSync } = fs;
  writeSafetensors(path, tensors(1));
  fs.writeSync = () => {
    throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  };
  syncBuiltinESMExports();
  try {
    refuses(() => {
      writeSafetensors(path, tensors(2));
    }, /disk is full.*state\.safetensors/);
  } finally {
    fs.writeSync = writeSync;
    syncBuiltinESMExports();
  }
  assert.deepEqual([...readSafetensors(path).get("x")!.data], [1, 1]);
});

test("a link where the new file is made first is not written through", () => {
  const path = at("linked.safetensors");
  const other = at("other");
  writeFileSync(other, "somebody else's");
  symlinkSync(other, `${path}.${process.pid}.tmp`);
  writeSafetensors(path, tensors(1));
  assert.deepEqual(
    [readFileSync(other, "utf8"), [...readSafetensors(path).get("x")!.data]],
    ["somebody else's", [1, 1]],
  );
});
