import { realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, relative } from "node:path";
import { env, InferenceSession, Tensor } from "onnxruntime-node";
import { expanded } from "../../graph/fused.ts";
import { simplify } from "../../graph/passes.ts";
import type { Value } from "../../graph/value.ts";
import type { Device, EngineSpec } from "../engineSpec.ts";
import { explainDevice, requireDevice } from "../device/deviceTrouble.ts";
import type { CompileOptions, Engine } from "../engine.ts";
import { lowerToOnnx } from "./onnxGraph.ts";
import type { HostTensor, Program, WeightLocation } from "../program.ts";

/** For each device, onnxruntime's name of its execution provider, and the name for display. */
const PROVIDERS: Record<Exclude<Device, "tfjs" | "torch">, { provider: string; name: string }> = {
  cpu: { provider: "cpu", name: "onnxruntime CPU" },
  webgpu: { provider: "webgpu", name: "onnxruntime WebGPU" },
  cuda: { provider: "cuda", name: "onnxruntime CUDA" },
  directml: { provider: "dml", name: "onnxruntime DirectML" },
  coreml: { provider: "coreml", name: "onnxruntime Core ML" },
};

// Errors are thrown; the library's own log would print them to the error stream a second time.
env.logLevel = "fatal";

/**
 * Makes the paths of weight files relative to one folder, the deepest that holds them all: onnxruntime maps external
 * data only below one folder, with links resolved. (A Hugging Face cache links its files to a folder of blobs.)
 */
function relativeWeights(weights: ReadonlyMap<string, WeightLocation>): {
  folder: string;
  weights: Map<string, WeightLocation>;
} {
  const real = new Map(
    [...new Set([...weights.values()].map((w) => w.file))].map((file) => [file, realpathSync(file)]),
  );
  const files = [...real.values()];
  let folder = dirname(files[0] ?? tmpdir());
  while (!files.every((file) => !relative(folder, file).startsWith(".."))) folder = dirname(folder);
  const located = [...weights].map(([name, w]) => [name, { ...w, file: relative(folder, real.get(w.file)!) }] as const);
  return { folder, weights: new Map(located) };
}

/** onnxruntime's optimiser that would keep a value, or a wide copy of a weight, from its first use to its last. */
const MERGING = ["CommonSubexpressionElimination"];
/** Those that would widen narrow weights once and for all. */
const WIDENING = ["ConstantFolding", "FuseFp16InitializerToFp32NodeTransformer"];

const FOUR_BITS: ReadonlySet<WeightLocation["type"]> = new Set(["int4", "uint4"]);

class OnnxProgram implements Program {
  constructor(
    private readonly session: InferenceSession,
    private readonly inputs: ReadonlyMap<string, string>,
    private readonly device: Device,
  ) {}

  async run(feeds: Readonly<Record<string, HostTensor>>): Promise<Record<string, HostTensor>> {
    const tensors: Record<string, Tensor> = {};
    for (const [name, type] of this.inputs) {
      const feed = feeds[name];
      if (feed === undefined) throw new Error(`the program wants ${name}`);
      tensors[name] = new Tensor(type as "float32", feed.data as Float32Array, [...feed.dims]);
    }
    const results = await this.session.run(tensors).catch((error: unknown) => {
      throw explainDevice(error, this.device);
    });
    return Object.fromEntries(
      Object.entries(results).map(([name, t]) => [name, { data: t.data as Float32Array, dims: t.dims }]),
    );
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

/**
 * Opens onnxruntime on the device of `spec`; weights are memory-mapped from their files.
 * @throws UserError where this machine does not have the device
 */
export function onnxEngine(spec: EngineSpec & { device: keyof typeof PROVIDERS }): Engine {
  requireDevice(spec.device);
  return {
    name: PROVIDERS[spec.device].name,
    fused: new Set(),
    compile: (outputs, weights, options) => compile(outputs, weights, { ...spec, ...options }),
  };
}

/**
 * Whether a program widens matrices one after the other. What it keeps meanwhile would lie in the places that they
 * leave in an arena, which then grows with each layer (T5-3B in int8: 1.3 GB for a step, 0.8 GB for each prediction).
 */
const widensEach = (weights: readonly WeightLocation[]): boolean =>
  weights.some(({ narrow }) => narrow) && !weights.some(({ type }) => FOUR_BITS.has(type));

async function compile(
  outputs: Readonly<Record<string, Value>>,
  weights: ReadonlyMap<string, WeightLocation>,
  { device, threads, levels, memory }: Parameters<typeof onnxEngine>[0] & CompileOptions,
): Promise<Program> {
  const { folder, weights: located } = relativeWeights(weights);
  // Only the CPU's norm kernel writes its second output: with it, WebGPU's gradients were wrong by a factor of a
  // million.
  const { model, inputs } = lowerToOnnx(simplify(expanded(outputs)), located, {
    isProcessor: device === "cpu",
    blocks: device === "cpu" && levels !== undefined ? { folder, products: levels } : undefined,
  });
  const narrow = [...weights.values()].some((weight) => weight.narrow);
  const session = await InferenceSession.create(model, {
    executionProviders: [PROVIDERS[device].provider],
    graphOptimizationLevel: "all",
    logSeverityLevel: 4,
    enableMemPattern: false,
    enableCpuMemArena: !(memory === "least" && widensEach([...weights.values()])),
    intraOpNumThreads: threads,
    extra: {
      session: {
        model_external_initializers_file_folder_path: folder,
        use_device_allocator_for_initializers: "1",
        intra_op: { allow_spinning: "0" },
        // The kernel that reads levels wants them packed, in as many bits.
        ...(narrow && { disable_quant_qdq: "1", ...(levels === undefined && { disable_prepacking: "1" }) }),
      },
      optimization: { disable_specified_optimizers: [...MERGING, ...(narrow ? WIDENING : [])].join(";") },
    },
  }).catch((error: unknown) => {
    throw explainDevice(error, device);
  });
  return new OnnxProgram(session, new Map(inputs.map((i) => [i.name, i.type])), device);
}
