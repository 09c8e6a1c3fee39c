import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readSafetensors } from "../../src/backbone/files/safetensors.ts";
import { saveAdapter } from "../../src/adapter/adapterFolder.ts";
import { adept } from "../../src/method/adept/adept.ts";
import { openBackbone } from "../../src/backbone/openBackbone.ts";
import { evaluateFolder } from "../../src/training/evaluateFolder.ts";
import type { Parameters } from "../../src/method/parameters.ts";
import { onEngines } from "./engines.ts";
import { golden, readJson, withGoldens } from "./shared.ts";

interface Expected {
  max_new_tokens: number;
  cases: Record<
    string,
    {
      model: string;
      adapter: string | null;
      /** How a decoder-only model reads an example. */
      prompt?: "plain" | "chat";
      token_mean_loss: number;
      examples: { loss: number; prediction: string; min_margin_top1_top2: number }[];
    }
  >;
}

/** The goldens give ADePT's parameters bare: they become an adapter folder as training writes it. */
function adeptFolder(path: string, folder: string, model: string): string {
  const tensors = readSafetensors(path);
  const [promptLength] = tensors.get("prompt")!.dims as [number];
  const sizes = { promptLength, bottleneck: tensors.get("b_down")!.dims[0]!, count: 0 };
  const spec = { kind: "adept", variant: "standard", promptInit: "random", initText: "", dropout: 0 } as const;
  const { layout } = openBackbone(model);
  const parameters: Parameters = new Map(
    adept
      .tensors({ spec, sizes, layout })
      .map((t) => [t.name, { name: t.name, dims: t.sizes, group: t.group, data: tensors.get(t.name)!.data }]),
  );
  saveAdapter(folder, { spec, sizes, parameters }, { backbone: "golden", layout });
  return folder;
}

for (const set of ["evaluate", "evaluate-decoders"])
  withGoldens(set, () => {
    const { cases, max_new_tokens } = readJson<Expected>(set, "expected.json");
    onEngines(set, (engine) => {
      for (const [name, c] of Object.entries(cases)) {
        test(`${engine.device}: evaluate ${name}: losses and predictions on folders of others`, async () => {
          const temporary = mkdtempSync(join(tmpdir(), "adept-evaluate-"));
          try {
            const given = c.adapter === null ? undefined : golden(c.adapter);
            const adapter =
              given?.endsWith(".safetensors") === true ? adeptFolder(given, temporary, golden(c.model)) : given;
            const result = await evaluateFolder({
              backbone: golden(c.model),
              adapter,
              data: golden(set, "data.jsonl"),
              maxTokens: max_new_tokens,
              maxSourceLength: 512,
              engine,
              prompt: c.prompt,
            });
            assert.ok(
              Math.abs(result.loss / c.token_mean_loss - 1) < 1e-4,
              `loss ${result.loss} for ${c.token_mean_loss}`,
            );
            c.examples.forEach((expected, i) => {
              const actual = result.examples[i]!;
              assert.ok(Math.abs(actual.loss / expected.loss - 1) < 1e-4, `loss of example ${i}`);
              if (expected.min_margin_top1_top2 > 1e-3) assert.equal(actual.prediction, expected.prediction);
            });
          } finally {
            rmSync(temporary, { recursive: true, force: true });
          }
        });
      }
    });
  });

withGoldens("evaluate-decoders with shots", () => {
  test("solved examples of another file stand before each question, as if they were written in its input", async () => {
    const temporary = mkdtempSync(join(tmpdir(), "adept-evaluate-"));
    try {
      const file = (name: string, rows: object[]): string => {
        writeFileSync(join(temporary, name), rows.map((row) => JSON.stringify(row)).join("\n"));
        return join(temporary, name);
      };
      const row = { input: "four plus nine", target: "thirteen" };
      const solved = [
        { input: "one plus two", target: "three" },
        { input: "two plus two", target: "four" },
      ];
      const options = { backbone: golden("models", "llama3-tiny"), adapter: undefined, maxTokens: 2 };
      const shots = (count: number): { count: number; data: string } => ({ count, data: file("solved.jsonl", solved) });
      const asked = await evaluateFolder({ ...options, data: file("asked.jsonl", [row]), shots: shots(2) });
      const losses: number[] = [];
      for (const order of [solved, [...solved].reverse()]) {
        const before = order.map(({ input, target }) => `${input} ${target}\n\n`).join("");
        const written = file("written.jsonl", [{ ...row, input: before + row.input }]);
        losses.push((await evaluateFolder({ ...options, data: written })).loss);
      }
      assert.notEqual(losses[0], losses[1]);
      assert.ok(losses.includes(asked.loss), `${asked.loss} is none of ${losses.join(", ")}`);
      await assert.rejects(
        evaluateFolder({ ...options, data: file("asked.jsonl", [row]), shots: shots(3) }),
        /solved\.jsonl has 2 examples, --shots asks for 3/,
      );
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  });
});
