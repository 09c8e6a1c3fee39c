// This engine as one side of the decode bench: a folder or a GGUF file without a method, greedy texts that do not end.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { ggufFolder } from "../../../src/backbone/gguf/ggufFolder.ts";
import type { EngineSpec } from "../../../src/engine/engineSpec.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import { LocalModel } from "../../../src/model/localModel.ts";
import { sharedTokens } from "../../../src/training/batch/sharedTokens.ts";
import { peakMegabytes, residentMegabytes } from "./peakMemory.ts";
import type { Answer, Asked } from "./side.ts";
import type { SideBatch } from "./sideFolder.ts";

const [path, threads, file, generation] = process.argv.slice(2) as [string, string, string, EngineSpec["generation"]];
const model = LocalModel.open({
  folder: path.endsWith(".gguf") ? ggufFolder(path) : path,
  method: MethodInput.parse({ kind: "lora", targets: ["none"] }),
  sizes: { rank: 1, count: 0 },
  engine: { device: "cpu", threads: Number(threads), replicas: 1, generation },
});
const read = JSON.parse(readFileSync(file, "utf8")) as { batches: SideBatch[]; candidates: number[][] };
const batches = read.batches.map(({ rows, ids, mask, labels }) => ({
  rows,
  sourceLength: ids.length / rows,
  targetLength: labels.length / rows,
  ids: Int32Array.from(ids),
  mask: Float32Array.from(mask),
  labels: Int32Array.from(labels),
}));

/** Batches whose texts begin alike, as an evaluation has them. */
function sharing(batch: (typeof batches)[number]): typeof batch {
  const texts = Array.from({ length: batch.rows }, (_, row) => ({
    input: "",
    target: "",
    labels: [],
    ids: batch.ids.subarray(
      row * batch.sourceLength,
      row * batch.sourceLength +
        batch.mask.subarray(row * batch.sourceLength, (row + 1) * batch.sourceLength).lastIndexOf(1) +
        1,
    ),
  }));
  return { ...batch, ...{ shared: sharedTokens(texts) } };
}

async function answer(asked: Asked): Promise<Partial<Answer>> {
  if (asked.call === "state" || asked.call === "step") return {};
  const batch = batches[asked.batch]!;
  const given = asked.isShared === true ? sharing(batch) : batch;
  if (asked.call === "generate")
    return { ids: await model.generate(new Map(), given, asked.maxTokens, { endless: true }) };
  return { scores: await model.scoreTargets(new Map(), given, read.candidates) };
}

for await (const line of createInterface(process.stdin)) {
  const [began, used] = [performance.now(), process.cpuUsage()];
  const found = await answer(JSON.parse(line) as Asked);
  const { user, system } = process.cpuUsage(used);
  const times = { milliseconds: performance.now() - began, processor: (user + system) / 1000 };
  process.stdout.write(
    `${JSON.stringify({ ...times, ...found, megabytes: peakMegabytes(), resident: residentMegabytes() })}\n`,
  );
}
await model.release();
