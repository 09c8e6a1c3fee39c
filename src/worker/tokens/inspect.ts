import { openBackbone } from "../../backbone/openBackbone.ts";
import { backboneFolder } from "../../backbone/backboneFolder.ts";
import { ggufShown } from "../../backbone/gguf/ggufShown.ts";
import { loadTokenizer } from "../../backbone/tokenizer/tokenizer.ts";
import { readTokenizerConfig } from "../../backbone/tokenizer/tokenizerConfig.ts";
import { UserError } from "../../base/errors.ts";
import type { Phrase } from "../../base/phrase.ts";
import { explained } from "../../base/text/explain.ts";
import { answerLength } from "../../experiment/draftDefaults.ts";
import { MethodInput } from "../../method/methodSpec.ts";
import { resolveSizes } from "../../method/sizes.ts";
import type { Inspection, SetupRequest, SizesAnswer } from "../../protocol/setupQuestions.ts";
import type { Example } from "../../task/example.ts";
import { encodeAll, type ExampleEncoder, type Lengths as CutLengths } from "../../training/batch/exampleEncoder.ts";
import { openEncoder } from "../../training/batch/openEncoder.ts";
import { KnownData } from "../check/knownData.ts";
import { draftExamples } from "./draftExamples.ts";

type Ask = Extract<SetupRequest, { type: "inspect" }>;
type Read = Pick<
  Inspection,
  "examples" | "sampled" | "truncated" | "targetsTruncated" | "tokens" | "targetTokens" | "problem"
>;
const PREVIEWS = 5;
const SAMPLED = 2000;
const LABELS = 20;
const SHOWN = 600;
/** The tokens of the prompt whose parameters are a new experiment's budget. */
const BUDGET_TOKENS = 100;

const counted = (targets: readonly string[]): { text: string; count: number }[] => {
  const counts = new Map<string, number>();
  for (const target of targets) counts.set(target, (counts.get(target) ?? 0) + 1);
  return [...counts]
    .map(([text, count]) => ({ text, count }))
    .sort((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1));
};

function spreadOf(lengths: readonly number[]): Inspection["tokens"] {
  const sorted = [...lengths].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { median: at(0.5), high: at(0.95), longest: sorted.at(-1) ?? 0 };
}

/** An example as the model reads it, as far as it is shown. */
async function previewOf(example: Example, encoder: ExampleEncoder): Promise<Inspection["examples"][number]> {
  const { tokens, cut, cutAt, answer, answerCut } = await encoder.spelled(example);
  const shown = answer.slice(0, SHOWN);
  return {
    pieces: tokens.slice(0, SHOWN),
    cut,
    cutAt,
    target: example.target,
    targetPieces: shown.map(({ text }) => text),
    untrained: shown.flatMap(({ trained }, at) => (trained ? [] : [at])),
    targetCut: answerCut,
  };
}

const UNREAD = { median: 0, high: 0, longest: 0 };

/** Lengths and previews of examples; where the backbone cannot read them so, only the reason. */
async function lengthsOf(
  examples: readonly Example[],
  { maxSourceLength, maxTargetLength }: CutLengths,
  encoderTo: (cut: CutLengths) => ExampleEncoder,
): Promise<Read> {
  const every = Math.max(1, Math.ceil(examples.length / SAMPLED));
  const sample = examples.filter((_, i) => i % every === 0);
  try {
    const whole = await encodeAll(sample, encoderTo({ maxSourceLength: Infinity, maxTargetLength: Infinity }));
    const sources = whole.map(({ ids }) => ids.length);
    const targets = whole.map(({ labels }) => labels.length);
    const encoder = encoderTo({ maxSourceLength, maxTargetLength });
    return {
      examples: await Promise.all(examples.slice(0, PREVIEWS).map((example) => previewOf(example, encoder))),
      sampled: sample.length,
      truncated: sources.filter((length) => length > maxSourceLength).length,
      targetsTruncated: targets.filter((length) => length > maxTargetLength).length,
      tokens: spreadOf(sources),
      targetTokens: spreadOf(targets),
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const none = { examples: [], sampled: 0, truncated: 0, targetsTruncated: 0, tokens: UNREAD, targetTokens: UNREAD };
    return { ...none, problem: explained(error.phrase, error.actionPhrase) };
  }
}

/**
 * Inspects a task's data as a model will get it: columns, templates, previews, labels, lengths.
 * @throws UserError where the file or the backbone cannot be read
 */
export async function inspect(ask: Ask, known = new KnownData()): Promise<Inspection> {
  const folder = backboneFolder(ask.backbone);
  const tokenizer = loadTokenizer(folder);
  const { isCausal, width } = openBackbone(folder).layout;
  const { examples, trouble, ...found } = await draftExamples(ask.task, known, isCausal);
  const hasTemplate = isCausal && Object.keys(readTokenizerConfig(folder).templates).length > 0;
  // A draft that was made before its data were read says nothing of the form yet.
  const isPlain = found.kind === "chat" && !hasTemplate && ask.prompt === undefined;
  const prompt = formOf(isPlain ? { form: "plain", system: "" } : ask.prompt);
  const { maxSourceLength } = ask;
  const maxTargetLength = answerLength({ task: found, maxTargetLength: ask.maxTargetLength });
  const lengths = await lengthsOf(examples, { maxSourceLength, maxTargetLength }, (cut) =>
    openEncoder(
      { folder, isCausal, tokenizer },
      { task: { kind: found.kind }, prompt: isCausal ? prompt : undefined },
      cut,
    ),
  );
  const labels = counted(examples.map(({ target }) => target));
  const problem: Phrase | undefined = trouble ?? lengths.problem;
  return {
    ...found,
    labels: labels.slice(0, LABELS).map(({ text, count }) => ({ text: text.slice(0, 200), count })),
    distinctTargets: labels.length,
    backbone: { isCausal, hasTemplate, budget: BUDGET_TOKENS * width },
    ...lengths,
    ...(problem !== undefined && { problem }),
  };
}

/** The plain form has no system turn. */
function formOf(prompt: Ask["prompt"]): { form: "plain" | "chat"; system?: string; shots: number } | undefined {
  if (prompt === undefined) return undefined;
  const { form, system } = prompt;
  return { form, shots: 0, ...(form === "chat" && system.trim() !== "" && { system }) };
}

/** ADePT's prompt length and bottleneck within each budget, on a backbone; null for a budget that is too small. */
export function sizesWithin(backbone: string, budgets: readonly number[]): SizesAnswer {
  const folder = backboneFolder(backbone);
  const { layout } = openBackbone(folder);
  const gguf = ggufShown(folder);
  return {
    ...(gguf !== undefined && { gguf }),
    width: layout.width,
    parameters: layout.weights.reduce((sum, { dims }) => sum + dims.reduce((a, b) => a * b, 1), 0),
    sizes: budgets.map((budget) => {
      try {
        const {
          promptLength = 0,
          bottleneck = 0,
          count,
        } = resolveSizes(MethodInput.parse({ kind: "adept", budget }), layout);
        return { budget, promptLength, bottleneck, count };
      } catch (error) {
        if (error instanceof UserError) return null;
        throw error;
      }
    }),
  };
}
