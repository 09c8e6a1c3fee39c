import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readTensorPickle } from "../../../src/backbone/files/tensorPickle.ts";
import { readTorchFile } from "../../../src/backbone/files/torchFile.ts";
import { torchEntries } from "../../../src/backbone/files/torchWeights.ts";
import { describedBy, earlyTorchFile, torchFile, zipOf, type Saved } from "../../unit/adapter/torchWriter.ts";
import { makePickle } from "../make/makePickle.ts";
import { holds, type Reader } from "../reader.ts";
import { checkTensors, product } from "./checkTensors.ts";

const SAVED: Saved[] = [
  { name: "w", dims: [2, 3], values: [1, 2, 3, 4, 5, 6] },
  { name: "t", dims: [3, 2], strides: [1, 3], values: [1, 2, 3, 4, 5, 6] },
  { name: "p", dims: [1], values: [0.5], parameter: true },
  { name: "h", dims: [2], values: [0, 0], type: "Half", bytes: Buffer.from(Uint16Array.of(0x3c00, 0xc500).buffer) },
];
/** Views of one storage, tied tensors, types that adapters do not have. */
const VIEWS: Saved[] = [
  { name: "w", dims: [2, 3], values: [1, 2, 3, 4, 5, 6, 7, 8] },
  { name: "turned", dims: [3, 2], strides: [1, 3], values: [1, 2, 3, 4, 5, 6, 7, 8], shares: 0 },
  { name: "tied", dims: [2, 3], values: [1, 2, 3, 4, 5, 6, 7, 8], shares: 0 },
  { name: "count", dims: [], values: [7], type: "Long", bytes: Buffer.alloc(8, 1) },
  { name: "mask", dims: [1, 3], values: [1, 0, 1], type: "Bool", bytes: Buffer.from([1, 0, 1]) },
];
/** A zip in the form of more than 4 GB. */
const WIDE = zipOf(
  [
    ["x/data.pkl", describedBy(SAVED.slice(0, 1))],
    ["x/data/0", Buffer.from(Float32Array.of(1, 2, 3, 4, 5, 6).buffer)],
  ],
  true,
);
/** The pickle of a file of tensors. */
function pickleIn(file: Buffer): Buffer {
  const from = file.indexOf(Buffer.from([0x80, 2]));
  return file.subarray(from, file.indexOf(Buffer.from([0x50, 0x4b, 3, 4]), from));
}
const opcode = (...bytes: (number | string)[]): Buffer =>
  Buffer.concat(bytes.map((each) => (typeof each === "string" ? Buffer.from(each) : Buffer.from([each]))));

const pickleReader: Reader = {
  name: "pickle",
  weight: 10,
  make: makePickle,
  corpus: () => [
    pickleIn(torchFile(SAVED)),
    opcode(0x80, 4, 0x95, "\0\0\0\0\0\0\0\0", 0x7d, 0x94, 0x28, 0x8c, 1, "a", 0x94, 0x4e, "u."),
    opcode(0x80, 2, "]", "q", 0, "(", "h\0h\0h\0", "e."),
    opcode(0x80, 2, "(", "K\x01K\x02", "t", 0x85, 0x86, 0x87, "}", "b."),
  ],
  open: () => (input) => {
    for (const [name, { sizes, strides, storage }] of readTensorPickle(input))
      holds(
        typeof name === "string" && Array.isArray(sizes) && Array.isArray(strides) && typeof storage.key === "string",
        "a tensor of a pickle",
      );
  },
};

/** The pickle in a file whose checksums are right, so that its reader comes to it. */
const torchReader: Reader = {
  name: "torchPickle",
  weight: 7,
  make: makePickle,
  corpus: () => pickleReader.corpus().slice(0, 1),
  open: (folder) => {
    const path = join(folder, "adapter_model.bin");
    return (input) => {
      writeFileSync(path, torchFile(SAVED, input));
      checkTensors(readTorchFile(path));
    };
  },
};

const zipReader: Reader = {
  name: "torchZip",
  weight: 6,
  corpus: () => [
    torchFile(SAVED.slice(0, 1)),
    zipOf([["x/other", Buffer.from("1")]]),
    earlyTorchFile(SAVED.slice(0, 1)),
    WIDE,
  ],
  open: (folder) => {
    const path = join(folder, "adapter_model.bin");
    return (input) => {
      writeFileSync(path, input);
      checkTensors(readTorchFile(path));
    };
  },
};

/** A backbone's file, without the checksums of the parts that are not read: views of any order and type. */
const weightsReader: Reader = {
  name: "torchWeights",
  weight: 5,
  corpus: () => [torchFile(SAVED), WIDE, earlyTorchFile(SAVED), torchFile(VIEWS), earlyTorchFile(VIEWS)],
  make: (random) => {
    const pickle = makePickle(random);
    const storages = Array.from(
      { length: 3 },
      (_, i) => [`x/data/${i}`, Buffer.alloc(random.one([24, 12, 48, 0]), i)] as const,
    );
    return zipOf([["x/data.pkl", pickle], ...storages], random.chance(0.5));
  },
  open: (folder) => {
    const cache = join(folder, "cache");
    mkdirSync(cache);
    process.env["ADEPT_CACHE"] = cache;
    const path = join(folder, "pytorch_model.bin");
    let values = 0;
    return (input) => {
      writeFileSync(path, input);
      for (const entry of torchEntries(path, false).values()) {
        holds(entry.bytes % Math.max(1, product(entry.dims)) === 0, "bytes of a tensor");
        // Each content makes a file of its own: only some are made.
        if (values++ % 20 === 0) holds(entry.place().offset > 0, "a place in the file of the cache");
      }
    };
  },
};

export const TORCH_READERS: readonly Reader[] = [pickleReader, torchReader, zipReader, weightsReader];
