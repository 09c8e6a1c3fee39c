import type { MethodSpec } from "../../method/methodSpec.ts";
import { MersenneTwister } from "../../base/random.ts";
import { initialise } from "../../model/initialise.ts";
import { resolveSizes } from "../../method/sizes.ts";
import type { LocalModel } from "../../model/localModel.ts";
import { rowChunks, type TokenRows } from "../../backbone/tokenRows.ts";
import { backboneFolder } from "../../backbone/backboneFolder.ts";
import type { Parameters } from "../../method/parameters.ts";
import { backboneLayout } from "../../training/prepare.ts";
import type { Subject } from "../subject/subject.ts";

/** A model in one of the forms that are timed. */
export interface Form {
  /** The name in results: a kind of method, with " folded" for the folded form. */
  form: string;
  model: LocalModel;
  parameters: Parameters;
  /** Number of trainable parameters. */
  count: number;
  promptLength: number;
}

/** The name of the backbone without a method. */
export const BARE = "backbone alone";
/** The name of prompt tuning with the run's own prompt. */
export const SAME_PROMPT = "pt, same prompt";
/** The last word of a folded form's name. */
export const FOLDED = "folded";
/** Whether a form is a run's folded form: its offsets are added to the embedding table in advance. */
export const isFold = ({ form }: { form: string }): boolean => form.endsWith(` ${FOLDED}`);

/** Opens an untrained model of another method, of the size that its parameter budget allows. */
function rival(method: MethodSpec, form: string, { experiment, side, open }: Subject): Form {
  const sizes = resolveSizes(method, backboneLayout(backboneFolder(experiment.backbone)));
  const model = open({ method, sizes });
  const source = {
    embedding: (id: number) => side.table.row(id),
    width: side.width,
    vocabularySize: model.vocabularySize,
    promptIds: [1],
    weight: (name: string, dims: readonly number[]) => model.weight(name, dims),
  };
  return {
    form,
    model,
    parameters: initialise(model.shape, source, new MersenneTwister(0)),
    count: sizes.count,
    promptLength: sizes.promptLength ?? 0,
  };
}

/** Each token's embedding with its offset (V, d), which the folded form holds whole. */
function foldedTable(table: TokenRows, offsets: TokenRows): Float32Array {
  const folded = new Float32Array(table.tokens * table.width);
  for (const { first, rows } of rowChunks(table)) {
    const added = offsets.rows(first, first + rows.length / table.width);
    folded.set(
      rows.map((e, i) => e + added[i]!),
      first * table.width,
    );
  }
  return folded;
}

/**
 * The run's own forms: as trained; folded, where its offsets depend on the token alone; and with its prompt alone, as
 * in prompt tuning, where it has other parameters besides.
 */
function ownForms({ adapter: { spec, sizes, parameters }, side, tuned, open }: Subject): Form[] {
  const { count, promptLength = 0 } = sizes;
  const table =
    side.positions === undefined && side.answersAreRaw !== true && side.offsets !== undefined
      ? foldedTable(side.table, side.offsets)
      : undefined;
  // A folded model keeps the prompt; its other tensors are in the table.
  const prompt: Parameters = new Map([...parameters].filter(([name]) => name === "prompt"));
  const rows = prompt.get("prompt")?.dims[0] ?? 0;
  const own: Form[] = [{ form: spec.kind, model: tuned, parameters, count, promptLength }];
  if (table !== undefined)
    own.push({
      form: `${spec.kind} ${FOLDED}`,
      model: open({ folded: table }),
      parameters: prompt,
      count,
      promptLength,
    });
  const method = { kind: "pt", source: undefined, promptInit: "random", initText: "", promptLength: rows } as const;
  if (parameters.size > prompt.size && rows > 0)
    own.push({
      form: SAME_PROMPT,
      model: open({ method, sizes: { promptLength: rows, count: rows * side.width } }),
      parameters: prompt,
      count: rows * side.width,
      promptLength: rows,
    });
  return own;
}

/**
 * Opens all forms that are timed for a run: the backbone alone (first), the run's own forms, and DePT and prompt tuning
 * with the run's number of parameters. The rivals are untrained, since times depend on shapes, not on learned values.
 * @param longest the most tokens that are timed of a text, in a causal model with those decoded after it
 */
export function formsOf(subject: Subject, longest: number): Form[] {
  const {
    adapter: { spec, sizes },
    side,
    open,
  } = subject;
  const budget = Math.max(sizes.count, 3 * side.width);
  const common = { source: undefined, promptInit: "random", initText: "" } as const;
  const bare: Form = {
    form: BARE,
    model: open({ method: { kind: "ia3", source: undefined, budget: undefined, targets: [], feedForward: [] } }),
    parameters: new Map(),
    count: 0,
    promptLength: 0,
  };
  const rivals: readonly MethodSpec[] = [
    {
      kind: "dept",
      ...common,
      positions: longest,
      scale: "official",
      budget: Math.max(budget, 2 * longest + 4 * side.width),
    },
    { kind: "pt", ...common, budget },
  ];
  return [
    bare,
    ...ownForms(subject),
    ...rivals.filter(({ kind }) => kind !== spec.kind).map((method) => rival(method, method.kind, subject)),
  ];
}
