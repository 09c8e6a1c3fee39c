import { loadTokenizer } from "../backbone/tokenizer/tokenizer.ts";
import { engineHere } from "../engine/device/devicesHere.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { Explanation } from "../protocol/explanation.ts";
import { loadAdapter } from "../adapter/adapterFolder.ts";
import { inputParts } from "../adapter/fold.ts";
import { methodOf } from "../method/registry.ts";
import { LocalModel } from "../model/localModel.ts";
import { backboneFolder } from "../backbone/backboneFolder.ts";
import { openEncoder } from "../training/batch/openEncoder.ts";
import { padBatch } from "../training/batch/padBatch.ts";
import type { Parameters } from "../method/parameters.ts";
import type { Batch } from "../backbone/batch.ts";
import { backboneLayout } from "../training/prepare.ts";
import { alteredBatch, offsetAt, type InputSide } from "./subject/alteredInput.ts";
import { norm } from "./offsets/vocabularyTable.ts";

/** The number of rows of a batch. */
const ROWS = 32;
/** A run that is open for prediction. `side` is undefined for methods that do not change the backbone's input. */
interface Opened {
  model: LocalModel;
  parameters: Parameters;
  side: InputSide | undefined;
}

function open(
  { backbone, method, engine, precision: { weights: precision } }: Experiment,
  adapterPath: string,
): Opened {
  const folder = backboneFolder(backbone);
  const { parameters, sizes, spec } = loadAdapter(adapterPath, backboneLayout(folder));
  const input = methodOf(method.kind).isInputSide;
  const model = LocalModel.open({
    folder,
    method,
    sizes,
    engine: engineHere(engine),
    inputEmbeddings: input,
    precision,
  });
  return {
    model,
    parameters: input ? (new Map() as Parameters) : parameters,
    side: input
      ? {
          table: model.embeddings,
          width: model.width,
          isCausal: model.layout.isCausal,
          ...inputParts({ spec, sizes, parameters }, model.embeddings),
        }
      : undefined,
  };
}

/** A batch with a row for each place from `from` to `to` (exclusive): the text without that place's offset. */
function withoutOffsets(batch: Batch, side: InputSide, [from, to]: [number, number]): Batch {
  const rows = to - from;
  const repeat = <T extends Int32Array | Float32Array>(values: T): T => {
    const all = new (values.constructor as new (length: number) => T)(values.length * rows);
    for (let row = 0; row < rows; row++) all.set(values, row * values.length);
    return all;
  };
  const many: Batch = {
    ...batch,
    rows,
    ids: repeat(batch.ids),
    mask: repeat(batch.mask),
    labels: repeat(batch.labels),
  };
  const none = new Float32Array(side.width);
  // The offset by place is removed together with the offset by token.
  return alteredBatch(many, side, {
    tokenOffset: (at) => {
      if (at.row === undefined || at.place !== from + at.row) return side.offsets?.row(at.id) ?? none;
      const positions = side.positions?.subarray(at.place * side.width, (at.place + 1) * side.width);
      return positions === undefined ? none : positions.map((x) => -x);
    },
  });
}

/** How much each token's offset adds to the log-likelihood of the answer, in nats, for the first `count` places. */
async function effects({ model }: Opened, side: InputSide, batch: Batch, count: number): Promise<number[]> {
  const whole = (await model.losses(new Map(), alteredBatch(batch, side))).sum[0]!;
  const found: number[] = [];
  for (let from = 0; from < count; from += ROWS)
    found.push(
      ...(await model.losses(new Map(), withoutOffsets(batch, side, [from, Math.min(count, from + ROWS)]))).sum.map(
        (loss) => loss - whole,
      ),
    );
  return found;
}

/**
 * Predicts with a finished run on texts that already have the form that its model reads. Returns for each token the L2
 * norm of its offset and how much that offset adds to the log-likelihood of the predicted answer.
 */
export async function explainTexts(
  experiment: Experiment,
  adapterPath: string,
  texts: readonly string[],
): Promise<Explanation[]> {
  const opened = open(experiment, adapterPath);
  const { model, parameters, side } = opened;
  const folder = backboneFolder(experiment.backbone);
  const { maxTargetLength } = experiment.training;
  const { isCausal, vocabulary } = backboneLayout(folder);
  const tokenizer = loadTokenizer(folder, vocabulary);
  const encoder = openEncoder({ folder, isCausal, tokenizer }, experiment, experiment.training);
  const results: Explanation[] = [];
  try {
    for (const input of texts) {
      const { ids, tokens, cut } = await encoder.spelled({ source: input, target: "" });
      const plain = padBatch([{ input, target: "", ids, labels: [] }]);
      const [answer = []] = await model.generate(
        parameters,
        side === undefined ? plain : alteredBatch(plain, side),
        maxTargetLength,
      );
      const asked = padBatch([{ input, target: "", ids, labels: answer }]);
      const loss =
        answer.length === 0
          ? 0
          : (await model.losses(parameters, side === undefined ? asked : alteredBatch(asked, side))).sum[0]!;
      const offsets =
        side !== undefined && (side.offsets !== undefined || side.positions !== undefined) ? side : undefined;
      const effect =
        offsets === undefined || answer.length === 0 ? [] : await effects(opened, offsets, asked, ids.length);
      results.push({
        input,
        prediction: await tokenizer.decode(answer, true),
        probability: Math.exp(-loss),
        cut,
        tokens: tokens.map((text, place) => ({
          text,
          ...(offsets !== undefined && {
            norm: norm(offsetAt(offsets, { row: 0, place, id: ids[place]! })),
            ...(effect[place] !== undefined && { effect: effect[place] }),
          }),
        })),
      });
    }
    return results;
  } finally {
    await model.release();
  }
}
