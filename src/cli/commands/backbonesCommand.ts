import { resolve } from "node:path";
import { offeredTypes } from "../../backbone/offeredTypes.ts";
import { command, type CommandGroup, type Options, type Parsed } from "../command.ts";
import { JSON_OUTPUT } from "../commonOptions.ts";
import { EMBEDDED_BACKBONE } from "../../backbone/backboneFolder.ts";
import { bytesText } from "../../base/text/bytesText.ts";
import {
  describeBackbone,
  describeGguf,
  downloadedBackbones,
  ggufBackbones,
  type ListedBackbone,
} from "../listedBackbone.ts";
import { modelsHere } from "../../worker/device/modelsHere.ts";
import { EMBEDDED_PURPOSE, recommendation } from "../modelLists.ts";
import { table } from "../table.ts";
import { say } from "../terminal.ts";

const OPTIONS = {
  folder: {
    type: "string",
    value: "DIR",
    multiple: true,
    help: "another folder whose sub-folders are looked into; may be repeated",
  },
  ...JSON_OUTPUT,
} as const satisfies Options;

const cells = ({ backbone, modelType, width, layers, parameters }: ListedBackbone): string[] => [
  backbone,
  modelType ?? "",
  String(width ?? ""),
  layers?.join("+") ?? "",
  parameters?.toLocaleString("en") ?? "",
];

/** The path is last: Ollama's are long. */
const ggufCells = ({ backbone, name, bytes, modelType, parameters, problem }: ListedBackbone): string[] => [
  name ?? "",
  bytesText(bytes ?? 0),
  modelType ?? "",
  problem === undefined ? (parameters?.toLocaleString("en") ?? "") : "cannot be used",
  backbone,
];

/** The GGUF models as lines of a table, and why some cannot be used. */
function ggufLines(models: readonly ListedBackbone[]): string[] {
  if (models.length === 0) return [];
  const problems = models.flatMap(({ name, problem }) => (problem === undefined ? [] : [`${name ?? ""}: ${problem}`]));
  return [
    "",
    "GGUF models:",
    ...table(["name", "size", "model type", "parameters", "backbone"], models.map(ggufCells), ["size", "parameters"]),
    ...(problems.length === 0 ? [] : ["", ...problems]),
  ];
}

function run({ values }: Parsed<typeof OPTIONS>): Promise<number> {
  const folders = [process.cwd(), ...(values.folder ?? []).map((each) => resolve(each))];
  const found = [EMBEDDED_BACKBONE, ...downloadedBackbones(folders)].map(describeBackbone);
  const gguf = ggufBackbones(folders).map(describeGguf);
  if (values.json === true) {
    say(JSON.stringify([...found, ...gguf]));
    return Promise.resolve(0);
  }
  for (const line of [
    ...table(["backbone", "model type", "width", "layers", "parameters"], found.map(cells), ["width", "parameters"]),
    ...found.flatMap(({ backbone, problem }) => (problem === undefined ? [] : ["", `${backbone}: ${problem}`])),
    ...ggufLines(gguf),
    "",
    "Looked into: this folder, folders given with --folder, the cache of the Hugging Face Hub, and the models of Ollama, LM Studio, llama.cpp, Jan and GPT4All.",
    `Supported model types: ${offeredTypes().join(", ")}.`,
    EMBEDDED_PURPOSE,
    ...recommendation(modelsHere()),
    "adept download OWNER/NAME downloads another backbone; adept download --list shows those that are known to work.",
  ])
    say(line);
  return Promise.resolve(0);
}

export const backbonesCommand: CommandGroup = {
  summary: "lists the frozen language models that are here",
  usual: "list",
  parts: {
    list: command({
      summary: "lists the embedded backbone, the downloaded ones, and the GGUF models of other programs",
      takes: "",
      options: OPTIONS,
      examples: ["adept backbones list", "adept backbones list --folder models --json"],
      run,
    }),
  },
};
