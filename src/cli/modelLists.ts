import { memoryNeeded } from "../backbone/knownModels.ts";
import { offeredTypes } from "../backbone/offeredTypes.ts";
import type { FoundModel } from "../hub/hubSearch.ts";
import type { ModelsHere } from "../worker/device/modelsHere.ts";
import { table } from "./table.ts";

const GIGA = 1e9;
const MEGA = 1e6;

/** What the embedded backbone is for. */
export const EMBEDDED_PURPOSE =
  "tiny-t5 (2.4 M parameters) is for a first try: it sorts mails, but on sentiment it stays near chance.";

/** The sentences that recommend a model, as lines. */
export function recommendation({ available, recommended: { labels, answers } }: ModelsHere): string[] {
  const free = `${(available / GIGA).toFixed(1)} GB are free here`;
  if (labels === undefined && answers === undefined) return [`None of the models fits the memory: ${free}.`];
  const told = [
    ...(labels === undefined ? [] : [`${labels} for labels of a few words`]),
    ...(answers === undefined ? [] : [`${answers} for longer answers and conversations`]),
  ];
  return [`The smallest that learn such data and fit the memory (${free}): ${told.join(", ")}.`];
}

/** The known models as lines of a table. */
export function knownLines(here: ModelsHere): string[] {
  const cells = ({
    name,
    modelType,
    parameters,
    bytes,
    memory,
    licence,
    learns,
    fits,
  }: ModelsHere["models"][number]) => [
    name,
    modelType,
    `${Math.round(parameters / MEGA)} M`,
    `${Math.round(bytes / MEGA)} MB`,
    `${(memory / GIGA).toFixed(1)} GB${fits ? "" : ", not free here"}`,
    licence,
    learns.includes("answers") ? "labels, longer answers" : "labels",
  ];
  return [
    ...table(
      ["model", "model type", "parameters", "download", "memory to train", "licence", "learns"],
      here.models.map(cells),
      ["parameters", "download"],
    ),
    "",
    ...recommendation(here),
    EMBEDDED_PURPOSE,
    "adept download OWNER/NAME downloads one; adept download --search TEXT looks for others.",
  ];
}

/** The models that a search found as lines of a table. */
export function foundLines(text: string, found: readonly FoundModel[]): string[] {
  const types = offeredTypes().join(", ");
  if (found.length === 0) return [`The Hub has no model of a supported type (${types}) with "${text}" in its name.`];
  const cells = ({ name, modelType, parameters, downloads, licence, gated }: FoundModel): string[] => [
    name,
    modelType,
    parameters === undefined ? "" : `${Math.round(parameters / MEGA)} M`,
    parameters === undefined ? "" : `${(memoryNeeded({ parameters }) / GIGA).toFixed(1)} GB`,
    downloads.toLocaleString("en"),
    `${licence ?? ""}${gated ? ", terms to accept" : ""}`,
  ];
  return table(
    ["model", "model type", "parameters", "memory to train", "downloads a month", "licence"],
    found.map(cells),
    ["parameters", "memory to train", "downloads a month"],
  );
}
