import { basename, join, resolve } from "node:path";
import { Presets, SingleBar } from "cli-progress";
import { isGgufModelName } from "../../base/files/ggufName.ts";
import { offeredTypes } from "../../backbone/offeredTypes.ts";
import { checkModelType } from "../../backbone/openBackbone.ts";
import { downloadRepository, type Download, type DownloadProgress } from "../../hub/hubDownload.ts";
import { hubPlace } from "../../hub/hubRequest.ts";
import { searchModels } from "../../hub/hubSearch.ts";
import { command, type Options, type Parsed } from "../command.ts";
import { JSON_OUTPUT } from "../commonOptions.ts";
import { abortOnInterrupt } from "../interrupts.ts";
import { checkDownload } from "../../worker/checkDownload.ts";
import { modelsHere } from "../../worker/device/modelsHere.ts";
import { foundLines, knownLines } from "../modelLists.ts";
import { say, tell } from "../terminal.ts";
import { WrongUse } from "../wrongUse.ts";

const MEGA = 1e6;
const LINES = 20;

/** Shows progress on standard error: a bar on a terminal, otherwise a line for each 5 %. */
class TransferProgress {
  private readonly bar = process.stderr.isTTY
    ? new SingleBar(
        {
          format: "{bar} {value}/{total} MB {rate} MB/s, {eta_formatted} left {file}",
          stream: process.stderr,
          hideCursor: true,
        },
        Presets.shades_classic,
      )
    : undefined;
  private readonly start = performance.now();
  private first: number | undefined;
  private nextLine = 0;
  private started = false;

  show({ file, done, total }: DownloadProgress): void {
    this.first ??= done;
    const rate = ((done - this.first) / MEGA / Math.max(0.001, (performance.now() - this.start) / 1000)).toFixed(1);
    if (this.bar !== undefined) {
      if (!this.started) {
        this.bar.start(Math.ceil(total / MEGA), 0, { file, rate });
        this.started = true;
      }
      this.bar.update(Math.round(done / MEGA), { file, rate });
    } else if (done >= this.nextLine) {
      this.nextLine = done + total / LINES;
      tell(`${(done / MEGA).toFixed(1)}/${(total / MEGA).toFixed(1)} MB, ${rate} MB/s, ${file}\n`);
    }
  }

  stop(): void {
    if (this.started) this.bar?.stop();
  }
}

const OPTIONS = {
  list: { type: "boolean", help: "show small models that are known to work, and download nothing" },
  search: { type: "string", value: "TEXT", help: "show models of supported types whose name has this text" },
  revision: { type: "string", value: "REV", default: "main", help: "branch, tag or commit" },
  dataset: { type: "boolean", help: "the repository holds data, not a model" },
  out: { type: "string", value: "DIR", help: "folder of the files; without it the name of the repository" },
  include: {
    type: "string",
    value: "GLOB",
    multiple: true,
    help: "files to download; may be repeated; without it those that the program reads",
  },
  ...JSON_OUTPUT,
} as const satisfies Options;

type Values = Parsed<typeof OPTIONS>["values"];

/** Prints the models that are known to work, with the one that suits this machine. */
function list(json: boolean): number {
  const here = modelsHere();
  if (json) say(JSON.stringify(here));
  else for (const line of knownLines(here)) say(line);
  return 0;
}

async function search(text: string, json: boolean): Promise<number> {
  const { signal, ignore } = abortOnInterrupt();
  try {
    const found = await searchModels(hubPlace(signal, process.env), text, offeredTypes());
    if (json) say(JSON.stringify(found));
    else for (const line of foundLines(text, found)) say(line);
    return 0;
  } finally {
    ignore();
  }
}

/** The GGUF models of a download; of a model in several files the first. */
const ggufFiles = ({ folder, files }: Download): string[] =>
  files.filter((path) => isGgufModelName(basename(path))).map((path) => join(folder, path));

/** Downloads files of a repository of the Hugging Face Hub; a model is checked as soon as its config is here. */
async function download(name: string, values: Values): Promise<number> {
  const folder = resolve(values.out ?? name.split("/").at(-1)!);
  // Chosen files need not make a model.
  const isModel = values.dataset !== true && values.include === undefined;
  const progress = new TransferProgress();
  const { signal, ignore } = abortOnInterrupt();
  try {
    const done = await downloadRepository(
      hubPlace(signal, process.env),
      { name, kind: values.dataset === true ? "dataset" : "model", revision: values.revision },
      {
        folder,
        include: values.include ?? [],
        ...(isModel && {
          accept: () => {
            checkModelType(folder);
          },
        }),
      },
      (each) => {
        progress.show(each);
      },
    );
    progress.stop();
    if (isModel) checkDownload(name, folder);
    const models = values.dataset === true ? [] : ggufFiles(done);
    for (const path of models) checkDownload(name, path);
    say(
      values.json === true
        ? JSON.stringify(done)
        : `${done.folder}: ${done.files.length} files at commit ${done.commit}, ${done.loaded.length === 0 ? "all here already" : `${(done.bytes / MEGA).toFixed(1)} MB loaded and checked`}`,
    );
    if (values.json !== true) for (const path of models) say(`"backbone": ${JSON.stringify(path)}`);
    return 0;
  } catch (error) {
    progress.stop();
    if (!signal.aborted) throw error;
    tell("stopped; the same command goes on where it was\n");
    return 130;
  } finally {
    ignore();
  }
}

async function run({ values, positionals: [name, ...more] }: Parsed<typeof OPTIONS>): Promise<number> {
  const json = values.json === true;
  if (values.list === true || values.search !== undefined) {
    if (name !== undefined || (values.list === true && values.search !== undefined))
      throw new WrongUse("download takes one of: a repository, --list, --search TEXT");
    return values.search === undefined ? list(json) : search(values.search, json);
  }
  if (name === undefined || more.length > 0)
    throw new WrongUse("download takes one repository, owner/name; --list shows models that are known to work");
  return download(name, values);
}

export const downloadCommand = command({
  summary: "downloads a repository of the Hugging Face Hub, checked and resumable",
  takes: "[OWNER/NAME]",
  options: OPTIONS,
  examples: [
    "adept download --list",
    "adept download --search smollm2",
    "adept download google-t5/t5-small",
    'adept download Qwen/Qwen2.5-0.5B-Instruct-GGUF --include "*q4_k_m.gguf"',
    'adept download nyu-mll/glue --dataset --include "mrpc/*" --out data/glue',
  ],
  run,
});
