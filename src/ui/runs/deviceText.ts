import * as vscode from "vscode";
import { bytesText } from "../../base/text/bytesText.ts";
import type { GpuUse, MeasuredDevice } from "../../record/events.ts";
import { millisecondsText } from "../../base/text/millisecondsText.ts";
import { secondsText } from "../../base/text/secondsText.ts";
import { precisionNumbers } from "../../record/precisionText.ts";
import type { PrecisionCost, RunRecord } from "../../record/record.ts";
import { localised } from "../window/localised.ts";

const GIB = 1024 ** 3;

/** Returns the name of the device that computes a run, or of its engine until the device is known. */
export const deviceName = ({ device, engine }: RunRecord): string | undefined => device ?? engine?.name;

function measuredDeviceText({ device, name, milliseconds, reason = "", phrase }: MeasuredDevice): string {
  return milliseconds === undefined
    ? `${name ?? device}: ${localised(phrase ?? reason)}`
    : vscode.l10n.t("{0}: {1} ms", name ?? device, millisecondsText(milliseconds));
}

/** Returns the measured time of a step on each device that was tried; undefined if there was no choice. */
export function measuredText({ engine }: RunRecord): string | undefined {
  return engine === undefined || engine.measured.length === 0
    ? undefined
    : engine.measured.map(measuredDeviceText).join("; ");
}

/** Returns what a run was forecast to need in memory and time, and what was free; undefined if there is no forecast. */
export function memoryText({ memory }: RunRecord): string | undefined {
  if (memory === undefined) return undefined;
  const t = vscode.l10n.t;
  const { backbone, weights, needed, available, device, copies, wanted, recomputed, step } = memory;
  const what = [backbone, weights].filter((each) => each !== undefined).join(", ");
  const need = t("needs {0}, {1} are free", bytesText(needed), bytesText(available));
  const own =
    device === undefined
      ? []
      : [
          device.available === undefined
            ? t("graphics processor: {0}", bytesText(device.needed))
            : t("graphics processor: {0}, {1} are free", bytesText(device.needed), bytesText(device.available)),
        ];
  return [
    what === "" ? need : `${what}: ${need}`,
    ...own,
    ...(copies < wanted ? [t("copies of the model: {0} instead of {1}", copies, wanted)] : []),
    ...(recomputed === true ? [t("each layer is computed again in the backward pass")] : []),
    ...(step === undefined ? [] : [t("about {0} a step of {1} tokens", secondsText(step.seconds), step.tokens)]),
  ].join("; ");
}

function gpuUseText({ name, memoryUsed, memoryTotal, utilisation, temperature }: GpuUse): string {
  const gib = (bytes: number): string => (bytes / GIB).toFixed(1);
  const memoryText = (used: number): string =>
    memoryTotal === undefined
      ? vscode.l10n.t("{0} GiB", gib(used))
      : vscode.l10n.t("{0} of {1} GiB", gib(used), gib(memoryTotal));
  const memory = memoryUsed === undefined ? "" : memoryText(memoryUsed);
  return [
    name,
    memory,
    utilisation === undefined ? "" : vscode.l10n.t("{0} % busy", Math.round(100 * utilisation)),
    temperature === undefined ? "" : vscode.l10n.t("{0} °C", Math.round(temperature)),
  ]
    .filter((part) => part !== "")
    .join(", ");
}

/** What is narrower than fp32. */
function narrowName({ weights, compute }: PrecisionCost): string {
  if (compute !== "bf16") return weights;
  return weights === "fp32" ? vscode.l10n.t("products in bf16") : vscode.l10n.t("{0}, products in bf16", weights);
}

function precisionCostText(of: PrecisionCost): string {
  const t = vscode.l10n.t;
  const [loss, wideLoss, change, same, examples, megabytes, wideMegabytes] = precisionNumbers(of);
  const name = narrowName(of);
  const head = of.label === "trained" ? t("{0}, trained", name) : t("{0}, before training", name);
  const losses =
    of.split === "validation"
      ? t("validation loss {0} instead of {1} ({2})", loss, wideLoss, change)
      : t("training loss {0} instead of {1} ({2})", loss, wideLoss, change);
  return [
    `${head}: ${losses}`,
    t("{0} of {1} predictions the same", same, examples),
    t("{0} MB instead of {1} MB", megabytes, wideMegabytes),
  ].join(", ");
}

/** Returns what narrower weights cost in quality, compared with fp32; undefined if that was not measured. */
export function costText({ precision }: RunRecord): string | undefined {
  return precision.length === 0 ? undefined : precision.map(precisionCostText).join("; ");
}

/** Returns the use of the graphics processors at the last heartbeat; undefined if it is not reported. */
export function gpuText({ gpus }: RunRecord): string | undefined {
  return gpus === undefined || gpus.length === 0 ? undefined : gpus.map(gpuUseText).join("; ");
}
