import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { UserError } from "../../../src/base/errors.ts";
import { readTorchFile } from "../../../src/backbone/files/torchFile.ts";
import { global, pickleOf, torchFile, zipOf, type Saved } from "../adapter/torchWriter.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-torch-"));
const path = join(folder, "adapter_model.bin");
const WITNESS = join(folder, "executed");
after(() => {
  rmSync(folder, { recursive: true });
});
const read = (bytes: Uint8Array): ReturnType<typeof readTorchFile> => {
  writeFileSync(path, bytes);
  return readTorchFile(path);
};
const refuses = (bytes: Uint8Array, ...words: RegExp[]): void => {
  assert.throws(
    () => read(bytes),
    (error) => {
      assert.ok(error instanceof UserError, String((error as Error).stack));
      for (const word of [/adapter_model\.bin/, ...words]) assert.match(error.message, word);
      return true;
    },
  );
};
const ONE: Saved = { name: "w", dims: [2, 3], values: [1, 2, 3, 4, 5, 6] };

test("tensors come with their values: transposed and offset views, parameters, scalars, half precision", () => {
  const found = read(
    torchFile([
      ONE,
      { name: "t", dims: [3, 2], strides: [1, 3], values: [1, 2, 3, 4, 5, 6] },
      { name: "o", dims: [2], strides: [2], offset: 1, values: [9, 7, 8, 5] },
      { name: "p", dims: [1], values: [0.5], parameter: true },
      { name: "s", dims: [], values: [3] },
      { name: "e", dims: [0, 4], values: [] },
      { name: "h", dims: [2], values: [0, 0], type: "Half", bytes: Buffer.from(Uint16Array.of(0x3c00, 0xc500).buffer) },
      {
        name: "b",
        dims: [2],
        values: [0, 0],
        type: "BFloat16",
        bytes: Buffer.from(Uint16Array.of(0x3f80, 0xc0a0).buffer),
      },
    ]),
  );
  assert.deepEqual(
    [...found].map(([name, { dims, data }]) => [name, dims, [...data]]),
    [
      ["w", [2, 3], [1, 2, 3, 4, 5, 6]],
      ["t", [3, 2], [1, 4, 2, 5, 3, 6]],
      ["o", [2], [7, 5]],
      ["p", [1], [0.5]],
      ["s", [], [3]],
      ["e", [0, 4], []],
      ["h", [2], [1, -5]],
      ["b", [2], [1, -5]],
    ],
  );
});

test("a pickle with code in it is refused by the code's name, and nothing runs", () => {
  const text = Buffer.concat([
    Buffer.from("X"),
    Buffer.from(Uint32Array.of(`touch ${WITNESS}`.length).buffer),
    Buffer.from(`touch ${WITNESS}`),
  ]);
  const call = (name: string): Buffer => Buffer.concat([global(name), Buffer.from("("), text, Buffer.from("tR")]);
  for (const name of [
    "os system",
    "posix system",
    "builtins eval",
    "subprocess Popen",
    "torch.storage _load_from_bytes",
    "torch load",
    "torch FloatStorage.x",
  ])
    refuses(
      torchFile([], pickleOf([["w", call(name)]])),
      new RegExp(name.replace(" ", ".")),
      /Nothing of it was executed/,
    );
  // The same by protocol 4's way of naming, and by instance opcodes.
  const short = (value: string): Buffer => Buffer.concat([Buffer.from([0x8c, value.length]), Buffer.from(value)]);
  refuses(
    torchFile([], pickleOf([["w", Buffer.concat([short("os"), short("system"), Buffer.from([0x93])])]])),
    /os\.system/,
  );
  refuses(
    torchFile([], pickleOf([["w", Buffer.concat([Buffer.from("("), text, Buffer.from("ios\nsystem\n")])]])),
    /instruction 0x69/,
  );
  refuses(
    torchFile(
      [],
      pickleOf([["w", Buffer.concat([global("collections OrderedDict"), Buffer.from("("), text, Buffer.from("tR")])]]),
    ),
    /OrderedDict/,
  );
  assert.equal(existsSync(WITNESS), false);
});

test("what is no tensor, damaged or lying about its size is refused with the tensor's name", () => {
  refuses(torchFile([], pickleOf([["w", Buffer.from("N")]])), /"w", which is no tensor/);
  refuses(torchFile([{ ...ONE, dims: [4, 3] }]), /"w" has the shape \(4, 3\)/);
  refuses(torchFile([{ ...ONE, dims: [2_000_000_000, 2_000_000_000], strides: [0, 0] }]), /"w" has the shape/);
  refuses(torchFile([{ ...ONE, strides: [3, -1] }]), /strides \(3, -1\)/);
  refuses(torchFile([{ ...ONE, offset: 1 }]), /"w"/);
  refuses(torchFile([{ ...ONE, elements: 7 }]), /"w" lacks its values/);
  refuses(torchFile([{ ...ONE, type: "Long", bytes: Buffer.alloc(48) }]), /type Long/);
  const whole = torchFile([ONE]);
  for (const length of [0, 3, 30, whole.length - 30, whole.length - 1]) refuses(whole.subarray(0, length));
  const bad = Buffer.from(whole);
  bad[bad.indexOf(Buffer.from(Float32Array.of(1, 2).buffer))]! ^= 1;
  refuses(bad, /x\/data\/0.*checksum/);
  refuses(zipOf([["x/other", Buffer.from("1")]]), /no data\.pkl/);
  refuses(Buffer.from("\x80\x02\x8a\x0alFC"), /torch before 1\.6|no zip/);
});

test("any bytes at all give a UserError or tensors, never another error", () => {
  const whole = torchFile([ONE, { ...ONE, name: "v", parameter: true }]);
  const limit = whole.indexOf(Buffer.from("x/byteorder")) - 30;
  for (let i = 0; i < limit; i++) {
    for (const value of [0, 0x28, 0x52, 0x75, 0xff, whole[i]! ^ 1]) {
      const bytes = Buffer.from(whole.subarray(0, limit));
      const parts = bytes.subarray(bytes.indexOf(Buffer.from([0x80, 2])));
      const at = i - bytes.indexOf(Buffer.from([0x80, 2]));
      if (at < 0) continue;
      parts[at] = value;
      try {
        read(torchFile([ONE, ONE], parts));
      } catch (error) {
        assert.ok(error instanceof UserError, `${i} ${value}: ${(error as Error).stack}`);
      }
    }
  }
});
