import { realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, relative } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { simplify } from "../graph/passes.ts";
import type { Value } from "../graph/value.ts";
import type { EngineSpec } from "../experiment/engineSpec.ts";
import type { Engine } from "./engine.ts";
import { lowerToOnnx } from "./onnxGraph.ts";
import type { HostTensor, Program, WeightLocation } from "./program.ts";

/**
 * onnxruntime maps external data only below one folder, links resolved: the nearest folder that holds every weight file.
 * (A Hugging Face cache links its files to a folder of blobs.)
 */
function relativeWeights(weights: ReadonlyMap<string, WeightLocation>): { folder: string; weights: Map<string, WeightLocation> } {
  const real = new Map([...new Set([...weights.values()].map((w) => w.file))].map((file) => [file, realpathSync(file)]));
  const files = [...real.values()];
  let folder = dirname(files[0] ?? tmpdir());
  while (!files.every((file) => !relative(folder, file).startsWith(".."))) folder = dirname(folder);
  const located = [...weights].map(([name, w]) => [name, { ...w, file: relative(folder, real.get(w.file)!) }] as const);
  return { folder, weights: new Map(located) };
}

class OnnxProgram implements Program {
  constructor(private readonly session: InferenceSession, private readonly inputs: ReadonlyMap<string, string>) {}

  async run(feeds: Readonly<Record<string, HostTensor>>): Promise<Record<string, HostTensor>> {
    const tensors: Record<string, Tensor> = {};
    for (const [name, type] of this.inputs) {
      const feed = feeds[name];
      if (feed === undefined) throw new Error(`the program wants ${name}`);
      tensors[name] = new Tensor(type as "float32", feed.data as Float32Array, [...feed.dims]);
    }
    const results = await this.session.run(tensors);
    return Object.fromEntries(Object.entries(results).map(([name, t]) => [name, { data: t.data as Float32Array, dims: t.dims }]));
  }

  async release(): Promise<void> { await this.session.release(); }
}

/** onnxruntime on the device of the spec; weights are mapped from their files. */
export const onnxEngine = (spec: EngineSpec): Engine => ({ name: "onnxruntime CPU", compile: (outputs, weights) => compile(outputs, weights, spec) });

async function compile(outputs: Readonly<Record<string, Value>>, weights: ReadonlyMap<string, WeightLocation>, { threads }: EngineSpec): Promise<Program> {
  const { folder, weights: located } = relativeWeights(weights);
  const { model, inputs } = lowerToOnnx(simplify(outputs), located);
  const session = await InferenceSession.create(model, {
    executionProviders: ["cpu"], graphOptimizationLevel: "all", logSeverityLevel: 3, enableMemPattern: false, intraOpNumThreads: threads,
    extra: { session: { model_external_initializers_file_folder_path: folder, use_device_allocator_for_initializers: "1", intra_op: { allow_spinning: "0" } } },
  });
  return new OnnxProgram(session, new Map(inputs.map((i) => [i.name, i.type])));
}
