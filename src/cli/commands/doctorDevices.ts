import { NOT_ON_PLATFORM, requireDevice } from "../../engine/device/deviceTrouble.ts";
import { onnxruntimeVersion } from "../../engine/device/onnxruntimePackage.ts";
import { DEVICES, type Device } from "../../engine/engineSpec.ts";
import type { Candidate } from "../../engine/device/candidates.ts";
import { UserError } from "../../base/errors.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { millisecondsText } from "../../base/text/millisecondsText.ts";
import { experimentsOf } from "../../experiment/readExperiment.ts";
import { checked } from "../../worker/device/chooseDevice.ts";
import { failedBy, measureDevice, type MeasuredStep } from "../../worker/device/measureDevice.ts";
import { nvidiaCards, type NvidiaCard } from "../../worker/device/nvidiaCards.ts";
import { withoutKey, type Finding } from "./doctorFinding.ts";
import { torchFinding, torchState } from "./doctorTorch.ts";

const TENSORFLOW =
  "TensorFlow.js 4.22.0; its own libtensorflow 2.9.1 wants CUDA 11.2 and cuDNN 8.1, for NVIDIA cards up to RTX 30 and A100, built from the wheel tensorflow 2.15.1 it wants CUDA 12.2";
/** The highest compute capability that CUDA 11.2, and so libtensorflow 2.9.1, knows. */
const TENSORFLOW_KNOWS = 8.6;

/** The time (ms) after which the measurement of a device is given up. */
const PATIENCE = 30_000;

/** The experiment whose step is timed: small, and the same on every machine. */
function smallStep(): Experiment {
  const training = { batchSize: 16, maxSourceLength: 64, maxTargetLength: 4 };
  return experimentsOf(
    "doctor.adept.json",
    JSON.stringify({
      name: "doctor",
      task: { kind: "mail" },
      method: { kind: "adept", promptLength: 20, bottleneck: 8 },
      training,
    }),
  )[0]!;
}

/** Returns the reason why this machine cannot have a device, where that is known without starting a process. */
function ruledOut(device: Device): MeasuredStep | undefined {
  try {
    requireDevice(device);
    return undefined;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { device, ...failedBy(error) };
  }
}

const called = (device: Candidate): string =>
  device === "tfjs"
    ? `tfjs (${TENSORFLOW})`
    : `${device} (onnxruntime ${onnxruntimeVersion()}${device === "cuda" ? "; wants CUDA 12 and cuDNN 9" : ""})`;

function findingOf(step: MeasuredStep): Finding {
  const { device } = step;
  const what = called(device);
  if (!("reason" in step))
    return {
      what,
      ok: true,
      detail: `${millisecondsText(step.milliseconds)} ms a step, ${step.name}`,
      device,
      name: step.name,
      milliseconds: step.milliseconds,
    };
  return {
    what,
    ok: false,
    detail: withoutKey(step.reason),
    fix: NOT_ON_PLATFORM.includes(step.code ?? "") ? undefined : step.action,
    device,
  };
}

/** Says of cards that are newer than TensorFlow.js's CUDA that it may not drive them. */
function withCards(finding: Finding, cards: readonly NvidiaCard[]): Finding {
  const newer = cards.find(({ capability }) => capability > TENSORFLOW_KNOWS);
  if (finding.device !== "tfjs" || finding.ok || newer === undefined) return finding;
  const detail = `${finding.detail}; ${newer.name} (compute capability ${newer.capability.toFixed(1)}) is newer than CUDA 11.2, which may not drive it`;
  return { ...finding, detail, fix: 'Use "torch", "webgpu" or "cuda".' };
}

/**
 * Returns for every engine and device its speed on this machine, or what is missing. Each is measured in a process of
 * its own, one after the other.
 */
export async function deviceFindings(): Promise<Finding[]> {
  const experiment = smallStep();
  const steps: MeasuredStep[] = [];
  for (const device of DEVICES.filter((each) => each !== "torch"))
    steps.push(ruledOut(device) ?? (await measureDevice(experiment, device, { patience: PATIENCE })));
  const [torch, cards] = [await torchState(experiment), await nvidiaCards()];
  return [
    ...checked(steps).map((step) => withCards(findingOf(step), cards)),
    torchFinding(
      torch,
      steps.find(({ device }) => device === "cpu")!,
      cards,
    ),
  ];
}
