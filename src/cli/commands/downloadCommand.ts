import { resolve } from "node:path";
import { Presets, SingleBar } from "cli-progress";
import { downloadRepository, type DownloadProgress } from "../../hub/hubDownload.ts";
import { hubPlace } from "../../hub/hubRequest.ts";
import { command, type Options, type Parsed } from "../command.ts";
import { JSON_OUTPUT } from "../commonOptions.ts";
import { abortOnInterrupt } from "../interrupts.ts";
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

/** Downloads files of a repository of the Hugging Face Hub. */
async function run({ values, positionals: [name, ...more] }: Parsed<typeof OPTIONS>): Promise<number> {
  if (name === undefined || more.length > 0) throw new WrongUse("download takes one repository, owner/name");
  const progress = new TransferProgress();
  const { signal, ignore } = abortOnInterrupt();
  try {
    const done = await downloadRepository(
      hubPlace(signal, process.env),
      { name, kind: values.dataset === true ? "dataset" : "model", revision: values.revision },
      { folder: resolve(values.out ?? name.split("/").at(-1)!), include: values.include ?? [] },
      (each) => {
        progress.show(each);
      },
    );
    progress.stop();
    say(
      values.json === true
        ? JSON.stringify(done)
        : `${done.folder}: ${done.files.length} files at commit ${done.commit}, ${done.loaded.length === 0 ? "all here already" : `${(done.bytes / MEGA).toFixed(1)} MB loaded and checked`}`,
    );
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

export const downloadCommand = command({
  summary: "downloads a repository of the Hugging Face Hub, checked and resumable",
  takes: "OWNER/NAME",
  options: OPTIONS,
  examples: [
    "adept download google/t5-v1_1-small",
    'adept download nyu-mll/glue --dataset --include "mrpc/*" --out data/glue',
  ],
  run,
});
