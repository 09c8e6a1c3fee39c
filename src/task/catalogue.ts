import type { TaskName } from "../experiment/taskNames.ts";
import type { MetricName } from "./metric/metrics.ts";

/**
 * How a named task's rows become text. The templates are those of the official ADePT code: fields joined by single
 * spaces, without a task prefix.
 */
export interface TaskDefinition {
  /**
   * The parts of the input: the name in the official template, and the fields that can have its text, by preference.
   */
  source: { name: string; fields: readonly string[] }[];
  /** The fields that can have the label or the answers, by preference. */
  target: readonly string[];
  /**
   * The classes in official order; each is a list of the words that data files use for it. Without it, the target is
   * free text.
   */
  classes?: readonly (readonly string[])[];
  /** The metrics; the first one chooses the checkpoint. */
  metrics: readonly MetricName[];
  /**
   * The official split. "halve": half of the validation split becomes the test split. "hold-out": 1,000 training rows
   * become the validation split. "given": the splits of the data.
   */
  policy: "halve" | "hold-out" | "given";
  /** Columns of the task's official TSV file, where that has no header. */
  headerless?: readonly string[];
}

const piece = (name: string, ...fields: string[]): { name: string; fields: string[] } => ({
  name,
  fields: [name, ...fields],
});
const NLI = [piece("premise", "sentence1"), piece("hypothesis", "sentence2")];
const PAIR = [piece("sentence1"), piece("sentence2")];
const QUESTION_PAIR = [piece("question1"), piece("question2")];
const SENTENCE = [piece("sentence", "text")];
const READING = [piece("question"), piece("context", "passage")];
const LABEL = ["label", "gold_label", "is_duplicate", "quality", "Quality"];
const TRUTH = [
  ["0", "false", "False", "no", "No"],
  ["1", "true", "True", "yes", "Yes"],
] as const;
const ENTAILMENT = [
  ["0", "entailment"],
  ["1", "not_entailment", "neutral", "not entailment"],
] as const;
const ACCURACY = ["accuracy"] as const;
const SELECTED_EM = { metrics: ["em", "answerF1"] as const, policy: "hold-out" as const };

/** The definition of each task that is known by name. */
export const CATALOGUE: Record<TaskName, TaskDefinition> = {
  mnli: {
    source: NLI,
    target: LABEL,
    classes: [
      ["0", "entailment"],
      ["1", "neutral"],
      ["2", "contradiction"],
    ],
    metrics: ACCURACY,
    policy: "given",
  },
  qqp: {
    source: QUESTION_PAIR,
    target: LABEL,
    classes: [
      ["0", "not_duplicate"],
      ["1", "duplicate"],
    ],
    metrics: ["accuracy", "f1"],
    policy: "hold-out",
  },
  qnli: {
    source: [piece("question"), piece("sentence")],
    target: LABEL,
    classes: ENTAILMENT,
    metrics: ACCURACY,
    policy: "hold-out",
  },
  sst2: {
    source: SENTENCE,
    target: LABEL,
    classes: [
      ["0", "negative"],
      ["1", "positive"],
    ],
    metrics: ACCURACY,
    policy: "hold-out",
  },
  stsb: { source: PAIR, target: ["label", "score"], metrics: ["pearson", "spearman"], policy: "halve" },
  mrpc: {
    source: [piece("sentence1", "#1 String"), piece("sentence2", "#2 String")],
    target: LABEL,
    classes: [
      ["0", "not_equivalent"],
      ["1", "equivalent"],
    ],
    metrics: ["accuracy", "f1"],
    policy: "halve",
  },
  rte: { source: PAIR, target: LABEL, classes: ENTAILMENT, metrics: ACCURACY, policy: "halve" },
  cola: {
    source: SENTENCE,
    target: LABEL,
    classes: [
      ["0", "unacceptable"],
      ["1", "acceptable"],
    ],
    metrics: ["matthews"],
    policy: "halve",
    headerless: ["source", "label", "star", "sentence"],
  },
  multirc: {
    source: [piece("question"), piece("answer", "answer_option"), piece("paragraph", "passage")],
    target: LABEL,
    classes: TRUTH,
    metrics: ["f1a", "groupEm"],
    policy: "halve",
  },
  boolq: {
    source: [piece("question"), piece("passage")],
    target: [...LABEL, "answer"],
    classes: TRUTH,
    metrics: ACCURACY,
    policy: "halve",
  },
  wic: { source: [...PAIR, piece("word")], target: LABEL, classes: TRUTH, metrics: ACCURACY, policy: "halve" },
  wsc: { source: [piece("text")], target: LABEL, classes: TRUTH, metrics: ACCURACY, policy: "halve" },
  cb: {
    source: NLI,
    target: LABEL,
    classes: [
      ["0", "entailment"],
      ["1", "contradiction"],
      ["2", "neutral"],
    ],
    metrics: ["macroF1", "accuracy"],
    policy: "halve",
  },
  record: {
    source: [piece("query"), piece("entities"), piece("passage")],
    target: ["answers"],
    metrics: ["answerF1", "em"],
    policy: "hold-out",
  },
  nq: { source: READING, target: ["answers", "answer"], ...SELECTED_EM },
  hotpotqa: { source: READING, target: ["answers", "answer"], ...SELECTED_EM },
  searchqa: { source: READING, target: ["answers", "answer"], ...SELECTED_EM },
  newsqa: { source: READING, target: ["answers", "answer"], ...SELECTED_EM },
  squad: { source: READING, target: ["answers", "answer"], ...SELECTED_EM },
  winogrande: {
    source: [piece("sentence"), piece("option0", "option1"), piece("option1", "option2")],
    target: [...LABEL, "answer"],
    classes: [["1"], ["2"]],
    metrics: ACCURACY,
    policy: "hold-out",
  },
  yelp: {
    source: SENTENCE,
    target: LABEL,
    classes: [
      ["0", "negative"],
      ["1", "positive"],
    ],
    metrics: ACCURACY,
    policy: "hold-out",
  },
  scitail: { source: NLI, target: LABEL, classes: ENTAILMENT, metrics: ACCURACY, policy: "halve" },
  paws: {
    source: PAIR,
    target: LABEL,
    classes: [
      ["0", "not_paraphrase"],
      ["1", "paraphrase"],
    ],
    metrics: ACCURACY,
    policy: "given",
  },
  trec: {
    source: SENTENCE,
    target: LABEL,
    classes: [
      ["0", "ABBR"],
      ["1", "ENTY"],
      ["2", "DESC"],
      ["3", "HUM"],
      ["4", "LOC"],
      ["5", "NUM"],
    ],
    metrics: ACCURACY,
    policy: "given",
  },
  mbpp: { source: [piece("text", "prompt")], target: ["code"], metrics: ACCURACY, policy: "given" },
  gsm8k: { source: [piece("question")], target: ["label", "answer"], metrics: ["finalNumber"], policy: "given" },
};
