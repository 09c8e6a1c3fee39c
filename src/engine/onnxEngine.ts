import { realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, relative } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { simplify } from "../graph/passes.ts";
import type { Value } from "../graph/value.ts";
import { lowerToOnnx } from "./onnxGraph.ts";
import type { HostTensor, Program, WeightLocation } from "./program.ts";

export interface OnnxOptions { /** 0: onnxruntime's own choice */ threads: number }

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

/** Compiles what `outputs` reach for onnxruntime's CPU provider; weights are mapped from their files. */
export async function compileOnnx(outputs: Record<string, Value>, weights: ReadonlyMap<string, WeightLocation>, options: OnnxOptions): Promise<Program> {
  const { folder, weights: located } = relativeWeights(weights);
  const { model, inputs } = lowerToOnnx(simplify(outputs), located);
  const session = await InferenceSession.create(model, {
    executionProviders: ["cpu"], graphOptimizationLevel: "all", logSeverityLevel: 3, intraOpNumThreads: options.threads,
    extra: { session: { model_external_initializers_file_folder_path: folder, intra_op: { allow_spinning: "0" } } },
  });
  return new OnnxProgram(session, new Map(inputs.map((i) => [i.name, i.type])));
}
