/** A snippet in VS Code's JSON form: `${1:text}` is a placeholder, "^" precedes a value that is not a string. */
export interface Snippet {
  readonly label: string;
  readonly description?: string;
  readonly body: unknown;
}

/**
 * The completions of an empty experiment. A template's braces stand outside the placeholders, since VS Code doubles an
 * escaped brace inside one.
 */
export const SNIPPETS: readonly Snippet[] = [
  {
    label: "Experiment on the mail sample",
    description: "ADePT on the sample that comes with ADePT Lab",
    body: {
      name: "${1:mail}",
      task: { kind: "mail" },
      method: { kind: "adept", budget: 12800 },
      training: { steps: 1000, maxSourceLength: 96, maxTargetLength: 4 },
    },
  },
  {
    label: "Experiment on a file of your own",
    description: "JSONL, CSV, TSV or Parquet with columns for input and output",
    body: {
      name: "${1:my labels}",
      task: { kind: "file", train: "${2:train.jsonl}", source: "{${3:text}}", target: "{${4:label}}" },
      method: { kind: "adept", budget: 12800 },
      training: { steps: 900 },
    },
  },
  {
    label: "Experiment on conversations",
    description: "JSONL with messages, and a decoder-only model in a folder",
    body: {
      name: "${1:my chat}",
      backbone: "${2:smollm2}",
      task: { kind: "chat", train: "${3:chat.jsonl}" },
      method: { kind: "adept", budget: 57600 },
      training: { steps: 300, batchSize: 8, maxSourceLength: 512, maxTargetLength: 256, selection: "loss" },
    },
  },
  {
    label: "Comparison of methods at one budget",
    description: "Several methods and seeds, then compared",
    body: {
      name: "${1:comparison}",
      task: { kind: "mail" },
      seeds: [0, 1, 2],
      sweep: {
        budget: { promptTokens: 100 },
        methods: [{ kind: "adept" }, { kind: "dept" }, { kind: "pt" }, { kind: "lora" }],
      },
    },
  },
];
/** The completions of the values of these keys of an experiment. */
export const PART_SNIPPETS: Readonly<Record<"task" | "method" | "sweep" | "executor", readonly Snippet[]>> = {
  task: [
    {
      label: "file",
      description: "Your own data",
      body: { kind: "file", train: "${1:train.jsonl}", source: "{${2:text}}", target: "{${3:label}}" },
    },
    {
      label: "chat",
      description: "Conversations: messages, prompt and completion, or instruction and output",
      body: { kind: "chat", train: "${1:chat.jsonl}" },
    },
    {
      label: "named",
      description: "A task of the paper",
      body: { kind: "named", name: "${1:sst2}", folder: "${2:data/sst2}" },
    },
    { label: "mail", description: "The sample: spam or ham", body: { kind: "mail" } },
  ],
  method: ["adept", "dept", "pt", "lora", "adapter"].map((kind) => ({
    label: kind,
    description: "This method within a budget",
    body: { kind, budget: "^${1:12800}" },
  })),
  sweep: [
    {
      label: "methods at one budget",
      body: { budget: { promptTokens: 100 }, methods: [{ kind: "adept" }, { kind: "dept" }, { kind: "pt" }] },
    },
    {
      label: "learning rates, tuned on validation",
      body: { tune: { "training.learningRate.prompt": { from: 0.01, to: 1, count: 5 } } },
    },
  ],
  executor: [
    {
      label: "slurm",
      description: "Jobs of a Slurm cluster",
      body: { kind: "slurm", partition: "${1:gpu}", time: "${2:8:00:00}", gpus: "^${3:1}", cpus: "^${4:4}" },
    },
  ],
};
