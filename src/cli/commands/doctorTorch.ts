import { UserError } from "../../base/errors.ts";
import { millisecondsText } from "../../base/text/millisecondsText.ts";
import { hasAmd, hasNvidia } from "../../engine/hardwareHere.ts";
import { buildCommand } from "../../engine/torch/installTorch.ts";
import type { TorchTold } from "../../engine/torch/torchAnswers.ts";
import { isForProcessor, startTorch } from "../../engine/torch/torchTrouble.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { checked } from "../../worker/device/chooseDevice.ts";
import { measureDevice, type MeasuredStep } from "../../worker/device/measureDevice.ts";
import type { NvidiaCard } from "../../worker/device/nvidiaCards.ts";
import { withoutKey, type Finding } from "./doctorFinding.ts";

const GB = 1e9;
/** The time (ms) after which a measurement is given up; PyTorch takes a while to load from a slow disk. */
const PATIENCE = 120_000;

/** What PyTorch told and how fast it is, or why there is none. */
export interface TorchState {
  told?: TorchTold;
  fp32: MeasuredStep;
  /** Absent where the hardware does not multiply in bf16. */
  bf16?: MeasuredStep;
}

const failed = ({ message, code, action }: UserError): MeasuredStep => ({
  device: "torch",
  reason: message,
  code,
  action,
});

/** Asks the PyTorch of this machine about itself and measures its step; nothing else runs meanwhile. */
export async function torchState(experiment: Experiment): Promise<TorchState> {
  let told: TorchTold;
  try {
    const started = await startTorch({ ...experiment.engine, device: "torch" });
    told = started.told;
    await started.process.end();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { fp32: failed(error) };
  }
  const measured = (candidate: "torch" | "torch bf16"): Promise<MeasuredStep> =>
    measureDevice(experiment, candidate, { patience: PATIENCE });
  const fp32 = await measured("torch");
  return { told, fp32, ...(told.bf16 && !("reason" in fp32) && { bf16: await measured("torch bf16") }) };
}

/** What PyTorch computes on: GPUs with their memory, the runtime and the driver, or the processor. */
function hardwareText({ device, processors, runtime, bf16 }: TorchTold, cards: readonly NvidiaCard[]): string {
  const gpus = processors.map(
    ({ index, name, free, total }) =>
      `${name} (cuda:${index}) with ${(free / GB).toFixed(1)} of ${(total / GB).toFixed(1)} GB free`,
  );
  const driver = runtime?.startsWith("CUDA") === true && cards[0] !== undefined ? [`driver ${cards[0].driver}`] : [];
  return [
    ...(gpus.length > 0 ? gpus : [`on ${device === "mps" ? "Apple's GPU (mps)" : "the processor"}`]),
    ...(runtime === null ? [] : [runtime]),
    ...driver,
    bf16 ? "bf16 in hardware" : "no bf16 in hardware",
  ].join(", ");
}

/** What helps a PyTorch that computes on the processor beside a GPU; undefined where nothing is wrong. */
function unusedGpu({ device, torch, executable }: TorchTold): { detail: string; fix: string } | undefined {
  const maker = (hasNvidia() && "NVIDIA") || (hasAmd() && "AMD");
  if (maker === false || device !== "cpu" || process.env["CUDA_VISIBLE_DEVICES"] !== undefined) return undefined;
  return isForProcessor(torch)
    ? {
        detail: `this PyTorch was built for the processor alone, and cannot use the ${maker} GPU`,
        fix: buildCommand(executable, maker),
      }
    : {
        detail: `this PyTorch does not reach the ${maker} GPU`,
        fix: `Install the newest driver of the GPU, or the PyTorch for it: ${buildCommand(executable, maker)}`,
      };
}

const speedOf = (step: MeasuredStep): string =>
  "reason" in step ? `none (${step.reason})` : `${millisecondsText(step.milliseconds)} ms a step`;

/** The line on PyTorch: its Python, version, hardware and speed, or the reason and the command that helps. */
export function torchFinding(
  { told, fp32, bf16 }: TorchState,
  processor: MeasuredStep,
  cards: readonly NvidiaCard[],
): Finding {
  const [, step] = checked([processor, fp32]) as [MeasuredStep, MeasuredStep];
  const [, narrow] = bf16 === undefined ? [] : checked([processor, bf16]);
  const what =
    told === undefined
      ? "torch (PyTorch 2.1 or later of a Python of yours)"
      : `torch (PyTorch ${told.torch} of Python ${told.python}, ${told.executable})`;
  const facts = told === undefined ? {} : { torch: told };
  const hardware = told === undefined ? "" : `; ${hardwareText(told, cards)}`;
  if ("reason" in step)
    return {
      what,
      ok: false,
      detail: `${withoutKey(step.reason)}${hardware}`,
      fix: step.action,
      device: "torch",
      ...facts,
    };
  const gpu = told === undefined ? undefined : unusedGpu(told);
  return {
    what,
    ok: true,
    detail: `${speedOf(step)}${narrow === undefined ? "" : `, in bf16 ${speedOf(narrow)}`}${hardware}${gpu === undefined ? "" : `; ${gpu.detail}`}`,
    fix: gpu?.fix,
    device: "torch",
    name: step.name,
    milliseconds: step.milliseconds,
    ...(narrow !== undefined && !("reason" in narrow) && { bf16Milliseconds: narrow.milliseconds }),
    ...facts,
  };
}
