import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findTorch, NO_TORCH } from "../bench/sides/python.ts";
import { Side, type Answer } from "../bench/sides/side.ts";
import { writeModelFolder } from "./modelFolder.ts";
import { bytesOf, cutTo, LARGE, SMALL, type ModelShape } from "./modelShape.ts";

const PEER = join(import.meta.dirname, "peer.py");
const CLOSE = 1e-5;

const close = (a: number, b: number, what: string): void => {
  assert.ok(Math.abs(a / b - 1) < CLOSE, `${what}: ${a} and ${b}`);
};

/** The answers of the plain peer to a step and, of T5, a generation. */
function plainAnswers(python: string, folder: string, asked: readonly object[]): Answer[] {
  const { stdout, stderr, status } = spawnSync(python, [PEER, "serve", folder, "eager", "cpu", "1"], {
    encoding: "utf8",
    input: asked.map((each) => `${JSON.stringify(each)}\n`).join(""),
  });
  assert.equal(status, 0, stderr);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Answer);
}

async function isTransformers(shape: ModelShape): Promise<void> {
  const python = findTorch()!;
  const folder = mkdtempSync(join(tmpdir(), "adept-peer-"));
  try {
    writeModelFolder(folder, shape);
    const made = spawnSync(python, [PEER, "make", folder, "cpu"], { encoding: "utf8" });
    assert.equal(made.status, 0, made.stderr);
    const isT5 = shape.kind === "t5";
    const asked = [
      { call: "step" as const, batch: 0 },
      ...(isT5 ? [{ call: "generate" as const, batch: 0, maxTokens: shape.newTokens }] : []),
    ];
    const [step, text] = plainAnswers(python, folder, asked);
    const theirs = isT5 ? Side.torch(folder, 1) : Side.causalTorch(folder, 1, "labels");
    try {
      const expected = await theirs.ask(asked[0]!);
      close(step!.loss!, expected.loss!, "loss");
      close(step!.norm!, expected.norm!, "gradient norm");
      if (isT5) {
        const { ids } = await theirs.ask(asked[1]!);
        assert.ok(new Set(ids!.flat()).size > 2, "several tokens are generated");
        // Theirs end at the end token.
        assert.deepEqual(
          text!.ids!.map((row, i) => row.slice(0, ids![i]!.length)),
          ids,
        );
      }
    } finally {
      theirs.end();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const shape of SMALL)
  test(`${shape.name}: the plain peer has transformers' loss, gradients and tokens`, async (context) => {
    if (findTorch() === undefined) context.skip(NO_TORCH);
    else await isTransformers(shape);
  });

test("a large model is cut to whole layers that fit", () => {
  const [shape] = LARGE.filter(({ name }) => name === "Llama-3-8B");
  assert.equal(Math.round(bytesOf(shape!) / 1e8), 161);
  assert.equal(cutTo(shape!, 20e9), shape);
  const cut = cutTo(shape!, 8e9);
  assert.ok(cut.layers < 32 && bytesOf(cut) <= 8e9 && bytesOf({ ...cut, layers: cut.layers + 1 }) > 8e9);
});
