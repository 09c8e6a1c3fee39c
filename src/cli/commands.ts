import { analyse, report } from "./commands/analyseCommand.ts";
import { compare } from "./commands/compareCommand.ts";
import { distilCommand } from "./commands/distilCommand.ts";
import { download } from "./commands/downloadCommand.ts";
import { demo } from "./commands/demo.ts";
import { doctor } from "./commands/doctor.ts";
import { evaluateCommand } from "./commands/evaluateCommand.ts";
import { exportRun } from "./commands/exportCommand.ts";
import { importAdapter } from "./commands/importCommand.ts";
import { precision } from "./commands/precisionCommand.ts";
import { predict } from "./commands/predict.ts";
import { queue } from "./commands/queueCommand.ts";
import { runs, stop } from "./commands/runsCommand.ts";
import { resume, train } from "./commands/trainCommand.ts";

/** Every command by its name; each returns the exit code. */
export const COMMANDS: Readonly<Record<string, ((args: string[]) => Promise<number>) | undefined>> = {
  train,
  resume,
  stop,
  runs,
  compare,
  analyse,
  report,
  queue,
  predict,
  precision,
  doctor,
  demo,
  evaluate: evaluateCommand,
  download,
  distil: distilCommand,
  import: importAdapter,
  export: exportRun,
};

export const USAGE = `adept: train and compare parameter-efficient methods

  adept train EXPERIMENT [--set path=value]... [--queue] [--detach] [--runs-dir DIR] [--no-git] [--json]
  adept resume RUN [--runs-dir DIR] [--json]        adept stop RUN
  adept runs list|show [RUN] [--json]               adept predict RUN [TEXT] [--json]
  adept runs diff RUN [RUN] | restore RUN PATH...|--all|--undo BACKUP | branch RUN NAME | delete [--undo] RUN... [--json]
  adept runs reproduce RUN | tag RUN TAG... [--remove TAG]... | note RUN TEXT | prune [--checkpoints] [--yes] [--json]
  adept runs check [RUN]... [--json]                 whether journals, checkpoints, adapters and commits are whole
  adept runs push RUN... [--yes] [--tracked-secrets] | fetch [--remote NAME] [--json]        adept runs compare|export as below
  adept compare [RUN|SWEEP]... [--metric NAME] [--markdown] [--json]
  adept analyse [RUN|SWEEP]... [ablation|offsets|position-shift|specificity|latency|stability|all]... [--examples N] [--again] [--json]
  adept report [RUN|SWEEP]... [--out FILE.html] [--json]
  adept precision [RUN] [--json]                    what narrower weights cost a finished run
  adept queue list|start|stop|clear [--json]
  adept evaluate --backbone DIR [--adapter DIR] --data FILE [--device DEVICE] [--precision fp16|bf16|int8] [--max-new-tokens N] [--json]
  adept distil RUN... --out DIR [--steps N] [--batch-size N] [--weight W] [--seed N] [--json]
  adept download OWNER/NAME [--dataset] [--revision REV] [--include GLOB]... [--out DIR] [--json]
  adept import FOLDER --backbone DIR --out DIR [--force] [--json]
  adept export RUN --out DIR [--folded] [--force] [--json]
  adept doctor [--json]                             adept demo

RUN is a run's id, the start of it, or "latest"; several seeds or a sweep in an experiment file are queued, and compared at the end.
Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted.`;
