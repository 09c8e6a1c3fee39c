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
import type { Finding } from "./doctorFinding.ts";

const TENSORFLOW =
  "TensorFlow.js 4.22.0; its own libtensorflow 2.9.1 wants CUDA 11.2 and cuDNN 8.1, built from the wheel tensorflow 2.15.1 it wants CUDA 12.2";

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
    detail: step.reason.replace(/^engine\.device: /, ""),
    fix: NOT_ON_PLATFORM.includes(step.code ?? "") ? undefined : step.action,
    device,
  };
}

/**
 * Returns for every engine and device its speed on this machine, or what is missing. Each is measured in a process of
 * its own, one after the other.
 */
export async function deviceFindings(): Promise<Finding[]> {
  const experiment = smallStep();
  const steps: MeasuredStep[] = [];
  for (const device of DEVICES)
    steps.push(ruledOut(device) ?? (await measureDevice(experiment, device, { patience: PATIENCE })));
  return checked(steps).map(findingOf);
}
