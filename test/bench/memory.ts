import { parseArgs } from "node:util";
import type { AddRow } from "./report/benchRow.ts";
import { lacking, peerName, startPeer, THREADS, type Peer } from "./sides/peers.ts";
import { BATCH, SHAPES, type StepShape } from "./sides/shapes.ts";
import { Side, type Answer } from "./sides/side.ts";
import { randomBackbone, randomBatch, SideFolder, TINY } from "./sides/sideFolder.ts";

/** Numbers of steps after which memory is read. */
const MARKS = [200, 1000, 2000];
const once = (value: number): { median: number; least: number; n: number } => ({ median: value, least: value, n: 1 });

/** Peak memory of a fresh process that makes two steps. */
async function peak(side: Side): Promise<number> {
  try {
    await side.ask({ call: "step", batch: 0 });
    return (await side.ask({ call: "step", batch: 0 })).megabytes;
  } finally {
    side.end();
  }
}

async function benchPeak(shape: StepShape, add: AddRow): Promise<void> {
  const folder = new SideFolder(randomBackbone(shape), [randomBatch(shape.vocabulary, BATCH)]);
  const why = lacking("eager");
  try {
    const ours = await peak(Side.engine(folder.path, THREADS));
    const peer = why === undefined ? await peak(startPeer("eager", folder.path)) : undefined;
    add({
      bench: "memory",
      case: `${shape.name}, peak of two steps, fresh process`,
      unit: "MB",
      ours: once(ours),
      ...(peer === undefined
        ? { note: `no peer: ${why ?? ""}` }
        : { peer: { name: peerName("eager"), figures: once(peer) }, ratio: { median: peer / ours } }),
    });
  } finally {
    folder.remove();
  }
}

/** Batches of lengths that keep changing, as training has them. */
const changing = Array.from({ length: 8 }, (_, i) => ({
  rows: 16,
  sourceLength: 8 + 7 * i,
  targetLength: 2 + (i % 3),
}));

/** Resident memory and TensorFlow's live tensors during many steps; both should stay constant. */
async function steady(
  name: string,
  side: Side,
  { marks, add }: { marks: readonly number[]; add: AddRow },
): Promise<void> {
  const seen: Answer[] = [];
  try {
    for (let step = 1; step <= Math.max(...marks); step++) {
      await side.ask({ call: "step", batch: step % changing.length });
      if (marks.includes(step)) seen.push(await side.ask({ call: "state" }));
    }
  } finally {
    side.end();
  }
  seen.forEach(({ resident, tensors }, i) => {
    add({
      bench: "memory",
      case: `tiny-t5, ${name}, resident after ${marks[i]!} steps`,
      unit: "MB",
      ours: once(resident),
      note: tensors === undefined ? undefined : `${tensors} live tensors`,
    });
  });
}

/**
 * npm run bench memory [SHAPE...] [--steps 200,1000,2000]: peak of a step beside PyTorch's, each in a fresh process,
 * and what thousands of steps leave behind on each engine.
 */
export async function benchMemory(args: string[], add: AddRow): Promise<void> {
  const { values, positionals: names } = parseArgs({
    args,
    allowPositionals: true,
    options: { steps: { type: "string", default: MARKS.join() } },
  });
  const chosen = (name: string): boolean => names.length === 0 || names.includes(name);
  for (const shape of SHAPES.filter(({ name }) => chosen(name))) await benchPeak(shape, add);
  if (!chosen("tiny-t5")) return;
  const folder = new SideFolder(
    TINY,
    changing.map((size) => randomBatch(8000, size)),
  );
  const how = { marks: values.steps.split(",").map(Number), add };
  const why = lacking("tfjs");
  try {
    await steady("onnxruntime", Side.engine(folder.path, THREADS), how);
    if (why === undefined) await steady("tfjs", startPeer("tfjs" satisfies Peer, folder.path), how);
    else console.log(`tfjs left out: ${why}`);
  } finally {
    folder.remove();
  }
}
