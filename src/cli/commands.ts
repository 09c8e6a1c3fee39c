import type { CliCommand, CommandGroup } from "./command.ts";
import { analyseCommand } from "./commands/analyseCommand.ts";
import { backbonesCommand } from "./commands/backbonesCommand.ts";
import { compareCommand } from "./commands/compareCommand.ts";
import { demoCommand } from "./commands/demoCommand.ts";
import { distilCommand } from "./commands/distilCommand.ts";
import { doctorCommand } from "./commands/doctorCommand.ts";
import { downloadCommand } from "./commands/downloadCommand.ts";
import { evaluateCommand } from "./commands/evaluateCommand.ts";
import { exportCommand } from "./commands/exportCommand.ts";
import { importCommand } from "./commands/importCommand.ts";
import { logsCommand } from "./commands/logsCommand.ts";
import { methodsCommand } from "./commands/methodsCommand.ts";
import { precisionCommand } from "./commands/precisionCommand.ts";
import { predictCommand } from "./commands/predictCommand.ts";
import { queueCommand } from "./commands/queueCommand.ts";
import { reportCommand } from "./commands/reportCommand.ts";
import { runsCommand } from "./commands/runs/runsCommand.ts";
import { stopCommand } from "./commands/stopCommand.ts";
import { tasksCommand } from "./commands/tasksCommand.ts";
import { resumeCommand, trainCommand } from "./commands/trainCommand.ts";

type Commands = Readonly<Record<string, CliCommand | CommandGroup>>;

/** Every command by its name, in the groups and the order that help lists. */
export const COMMAND_GROUPS: Readonly<Record<string, Commands>> = {
  Training: {
    demo: demoCommand,
    train: trainCommand,
    resume: resumeCommand,
    stop: stopCommand,
    queue: queueCommand,
    logs: logsCommand,
    distil: distilCommand,
  },
  Runs: { runs: runsCommand, compare: compareCommand, analyse: analyseCommand, report: reportCommand },
  "Models and adapters": {
    predict: predictCommand,
    evaluate: evaluateCommand,
    precision: precisionCommand,
    export: exportCommand,
    import: importCommand,
    download: downloadCommand,
  },
  "What there is": {
    tasks: tasksCommand,
    methods: methodsCommand,
    backbones: backbonesCommand,
    doctor: doctorCommand,
  },
};

/** Every command by its name. */
export const COMMANDS: Commands = Object.assign({}, ...Object.values(COMMAND_GROUPS)) as Commands;
