import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { openBackbone } from "../../src/backbone/openBackbone.ts";
import { writeSafetensors } from "../../src/backbone/files/safetensors.ts";
import { MersenneTwister } from "../../src/base/random.ts";
import { MethodInput } from "../../src/method/methodSpec.ts";
import { methodOf } from "../../src/method/registry.ts";
import { interval, type AddRow } from "./report/benchRow.ts";
import { figures, speedRatio } from "./report/figures.ts";
import { CAUSAL_MODELS, type CausalModel, type OwnForm } from "./sides/causalModels.ts";
import { lacking, THREADS } from "./sides/peers.ts";
import { inTurn, times } from "./sides/rounds.ts";
import { Side, type Answer } from "./sides/side.ts";
import type { SideBatch } from "./sides/sideFolder.ts";

/** Both sides agree in loss and gradient norm to this. */
const AGREEMENT = 1e-3;

const METHODS = {
  adept: { spec: { kind: "adept", promptInit: "random" }, sizes: { promptLength: 20, bottleneck: 39 } },
  lora: { spec: { kind: "lora", alpha: 16 }, sizes: { rank: 8 } },
} as const;
type MethodName = keyof typeof METHODS;
/** What the peer computes logits of; "all" is what transformers and PEFT do. */
const HEADS = ["all", "labels"] as const;
/** The folder that both sides start from: the model, the method with its parameters (random, none zero), batches. */
function sideFolder(model: string, name: MethodName, batches: readonly SideBatch[]): string {
  const folder = mkdtempSync(join(tmpdir(), "adept-bench-"));
  for (const file of readdirSync(model)) symlinkSync(resolve(model, file), join(folder, file));
  const { spec, sizes } = METHODS[name];
  const { layout } = openBackbone(model);
  const random = new MersenneTwister(12);
  const shape = { spec: MethodInput.parse(spec), sizes: { ...sizes, count: 0 }, layout };
  const tensors = methodOf(spec.kind)
    .tensors(shape)
    .map(({ name: tensor, sizes: dims }) => {
      const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => (random.uniform() - 0.5) / 10);
      return [tensor, { dims, data }] as const;
    });
  writeSafetensors(join(folder, "parameters.safetensors"), new Map(tensors));
  writeFileSync(join(folder, "method.json"), JSON.stringify({ spec, sizes }));
  writeFileSync(join(folder, "batches.json"), JSON.stringify({ batches, candidates: [] }));
  return folder;
}

/** @throws Error where two sides do not compute the same in some round */
function agree(ours: readonly Answer[], theirs: readonly Answer[]): void {
  ours.forEach((own, round) => {
    for (const key of ["loss", "norm"] as const) {
      const [a, b] = [own[key]!, theirs[round]![key]!];
      if (!(Math.abs(a - b) <= AGREEMENT * Math.abs(b)))
        throw new Error(`ADePT Lab and PyTorch do not compute the same ${key}: ${a} and ${b}`);
    }
  });
}

interface Chosen {
  method: MethodName;
  set: string;
  rounds: number;
  heads: readonly (typeof HEADS)[number][];
  forms: readonly OwnForm[];
  add: AddRow;
}

async function compare(
  { name, sets }: CausalModel,
  model: string,
  { method, set, rounds, heads, forms, add }: Chosen,
): Promise<void> {
  const batches = await sets[set]!(model);
  const folder = sideFolder(model, method, batches);
  const ours = forms.map((form) => ({ form, side: Side.engine(folder, THREADS, form.engine ?? "cpu", form) }));
  const peers = heads.map((head) => ({ head, side: Side.causalTorch(folder, THREADS, head) }));
  const sides = [...ours, ...peers].map(({ side }) => side);
  try {
    // Every batch once before what is kept, since an engine's memory grows with the shapes that it has seen.
    const found = await inTurn(sides, (round) => ({ call: "step", batch: round % batches.length }), {
      rounds: rounds + batches.length,
      warmUp: 0,
    });
    const kept = (side: Side): Answer[] => found.get(side)!.slice(batches.length);
    for (const { form, side: our } of ours)
      for (const { head, side } of peers) {
        const [own, their] = [kept(our), kept(side)];
        if (form.precision === "fp32" && form.engine === undefined) agree(own, their);
        const megabytes = { ours: own.at(-1)!.megabytes, peer: their.at(-1)!.megabytes };
        // The weights of the user's PyTorch are in a process of its own.
        const isWhole = form.engine === undefined;
        add({
          bench: "causal",
          case: `${name}, ${set}, ${method}, ${form.engine ?? form.precision}, memory ${form.memory}`,
          unit: "ms/step",
          ours: figures(times(own)),
          peer: { name: `PyTorch eager, logits of ${head}`, figures: figures(times(their)) },
          ratio: interval(speedRatio(times(own), times(their))),
          ...(isWhole && { memory: megabytes }),
          note: [
            `loss ${own.at(-1)!.loss!.toPrecision(6)}`,
            ...(isWhole ? [`memory ${(megabytes.ours / megabytes.peer).toFixed(2)} of the peer's`] : []),
          ].join("; "),
        });
      }
  } finally {
    for (const side of sides) side.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * npm run bench causal [SET...] [--models NAME,NAME] [--methods adept,lora] [--heads all,labels] [--memory check,fast]
 * [--precision fp32,int8,int4,torch-bf16] [--rounds N]: the training step of decoder-only models beside PyTorch eager
 * with PEFT in one run: SmolLM2-135M, which test/models/prepare.sh makes, and, where it is named, random weights in the
 * shape of TinyLlama-1.1B.
 */
export async function benchCausal(args: string[], add: AddRow): Promise<void> {
  const text = { type: "string" } as const;
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { models: text, methods: text, heads: text, memory: text, precision: text, rounds: text },
  });
  const chosen = <K extends string>(names: readonly K[], given: readonly string[] | undefined): K[] =>
    names.filter((name) => given === undefined || given.length === 0 || given.includes(name));
  const named = values.models?.split(",") ?? [CAUSAL_MODELS[0]!.name];
  for (const model of CAUSAL_MODELS.filter(({ name }) => named.includes(name))) {
    const folder = model.folder();
    const why = folder === undefined ? model.lacks : lacking("eager");
    if (folder === undefined || why !== undefined) {
      add({ bench: "causal", case: model.name, unit: "ms/step", note: `left out: ${why ?? ""}` });
      continue;
    }
    console.log(`A training step of ${model.name}: ${THREADS} threads a side`);
    for (const set of chosen(Object.keys(model.sets), positionals))
      for (const method of chosen(Object.keys(METHODS) as MethodName[], values.methods?.split(",")))
        await compare(model, folder, {
          method,
          set,
          rounds: Number(values.rounds ?? 12),
          heads: chosen(HEADS, values.heads?.split(",")),
          forms: model.forms.filter(
            ({ memory, precision, engine }) =>
              chosen([memory], values.memory?.split(",")).length +
                chosen([engine ?? precision], values.precision?.split(",")).length ===
              2,
          ),
          add,
        });
  }
}
