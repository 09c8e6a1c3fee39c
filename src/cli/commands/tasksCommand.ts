import type { TaskSpec } from "../../experiment/experiment.ts";
import { TASK_NAMES } from "../../experiment/taskNames.ts";
import { metricName } from "../../record/metricText.ts";
import { CATALOGUE, type TaskDefinition } from "../../task/catalogue.ts";
import { TRAINING_FILES } from "../../task/splitFiles.ts";
import { command, type CommandGroup, type Parsed } from "../command.ts";
import { JSON_OUTPUT } from "../commonOptions.ts";
import { table } from "../table.ts";
import { say } from "../terminal.ts";

interface TaskKind {
  summary: string;
  /** Where the data must be. */
  data: string;
  metric: string;
}

const KINDS: Readonly<Record<TaskSpec["kind"], TaskKind>> = {
  file: {
    summary: "your own rows, with a template for the input and one for the answer",
    data: '"train", and where there are any "validation" and "test": JSONL, JSON, CSV, TSV or Parquet',
    metric: "accuracy",
  },
  chat: {
    summary: "conversations, for a decoder-only model: its answers are trained",
    data: '"train": rows with messages, prompt and completion, or instruction, input and output',
    metric: "answer F1; accuracy where there are few answers",
  },
  named: {
    summary: "a known task with its template, labels, splits and metrics",
    data: '"folder" with the files of its splits',
    metric: "as listed below",
  },
  text: {
    summary: 'hidden words of texts, or with "label" a label from each file\'s name',
    data: '"folder" of .txt files',
    metric: "answer F1; accuracy with a label",
  },
  mail: {
    summary: "the sample: 6,046 real mails, spam or ham",
    data: "nothing: it comes with the program",
    metric: "accuracy",
  },
};

/** The labels as words; none where the answer is free text. */
const labelsOf = ({ classes = [] }: TaskDefinition): string[] => classes.map((words) => words[1] ?? words[0] ?? "");

const fieldsOf = ({ source, target }: TaskDefinition): { input: string[]; answer: string[] } => ({
  input: source.map(({ fields }) => fields.join(" or ")),
  answer: [...target],
});

function run({ values }: Parsed<typeof JSON_OUTPUT>): Promise<number> {
  const named = TASK_NAMES.map((name) => ({
    name,
    metrics: [...CATALOGUE[name].metrics],
    labels: labelsOf(CATALOGUE[name]),
    fields: fieldsOf(CATALOGUE[name]),
  }));
  if (values.json === true) {
    say(JSON.stringify({ kinds: Object.entries(KINDS).map(([kind, each]) => ({ kind, ...each })), named }));
    return Promise.resolve(0);
  }
  for (const line of [
    ...table(
      ["task.kind", "what", "metric", "data"],
      Object.entries(KINDS).map(([kind, { summary, metric, data }]) => [kind, summary, metric, data]),
    ),
    "",
    'Named tasks, as "task": { "kind": "named", "name": NAME, "folder": FOLDER }:',
    "",
    ...table(
      ["name", "metrics", "labels", "fields of the input"],
      named.map(({ name, metrics, labels, fields }) => [
        name,
        metrics.map(metricName).join(", "),
        labels.join(", ") || "free text",
        fields.input.join(", "),
      ]),
    ),
    "",
    `The folder of a named task holds ${TRAINING_FILES}, and validation and test in the same way.`,
    'mbpp has pass@1 with "runGeneratedCode": true, and pass@10 with 10 "codeSamples".',
  ])
    say(line);
  return Promise.resolve(0);
}

export const tasksCommand: CommandGroup = {
  summary: "lists the kinds of task, and the tasks known by name",
  usual: "list",
  parts: {
    list: command({
      summary: "lists the kinds of task, and the tasks known by name with metrics, labels and fields",
      takes: "",
      options: JSON_OUTPUT,
      examples: ["adept tasks list", "adept tasks list --json"],
      run,
    }),
  },
};
