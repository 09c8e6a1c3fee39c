/** The tasks known by name: their templates, labels and metrics are in src/task/catalogue.ts. */
export const TASK_NAMES = [
  "mnli", "qqp", "qnli", "sst2", "stsb", "mrpc", "rte", "cola", "multirc", "boolq", "wic", "wsc", "cb", "record", "nq", "hotpotqa", "searchqa", "newsqa", "mbpp",
  "winogrande", "yelp", "scitail", "paws", "trec", "gsm8k", "squad",
] as const;
export type TaskName = (typeof TASK_NAMES)[number];
