import type { Batch } from "../batch.ts";
import { causalMask, MASKED, tensor, type Feeds } from "../feeds.ts";
import type { Decoding, HostFeeds } from "../hostFeeds.ts";
import type { LlamaConfig } from "./llamaConfig.ts";
import { rotaryFrequencies } from "./rotary.ts";
import { unsupported } from "./unsupported.ts";

/** One row as a causal model reads it: token ids, their places in the text, and which columns hold a token. */
interface Row {
  ids: Int32Array;
  places: Int32Array;
  valid: Uint8Array;
}

/**
 * Text and target of a row in S + T columns: the text without its last token, padded to S; then that token and the
 * labels without the last one, which together predict the T labels. Places and masks make the two parts adjacent
 * despite the padding between them.
 */
function rowOf({ sourceLength: S, targetLength: T, ids, mask, labels }: Batch, row: number): Row {
  const text = ids.subarray(row * S, (row + 1) * S);
  const length = Math.max(1, mask.subarray(row * S, (row + 1) * S).findLastIndex((kept) => kept !== 0) + 1);
  const target = labels.subarray(row * T, (row + 1) * T);
  const made: Row = { ids: new Int32Array(S + T), places: new Int32Array(S + T), valid: new Uint8Array(S + T) };
  const put = (column: number, place: number, id: number): void => {
    made.ids[column] = id;
    made.places[column] = place;
    made.valid[column] = 1;
  };
  for (let i = 0; i < length - 1; i++) put(i, i, text[i]!);
  put(S, length - 1, text[length - 1]!);
  for (let j = 1; j < T && target[j - 1]! >= 0; j++) put(S + j, length - 1 + j, target[j - 1]!);
  return made;
}

/** The feeds of a Llama's graphs: ids, places, masks, rotations. */
export class LlamaFeeds implements HostFeeds {
  private readonly frequencies: Float64Array;

  constructor(config: LlamaConfig) {
    this.frequencies = rotaryFrequencies(config);
  }

  /** Nothing: `forward` reads text and target as one sequence, which `target` feeds; `prefill` is not supported yet. */
  source(): Feeds {
    return {};
  }

  target(batch: Batch, prompt: number): Feeds {
    const { rows, sourceLength, targetLength } = batch;
    const text = sourceLength + targetLength;
    const length = prompt + text;
    const half = this.frequencies.length;
    const ids = new Int32Array(rows * text);
    const places = new Int32Array(rows * text);
    const textMask = new Float32Array(rows * sourceLength);
    const targetMask = new Float32Array(rows * targetLength);
    const cos = new Float32Array(rows * length * half);
    const sin = new Float32Array(rows * length * half);
    for (let row = 0; row < rows; row++) {
      const own = rowOf(batch, row);
      ids.set(own.ids, row * text);
      places.set(own.places, row * text);
      own.valid.forEach((valid, column) => {
        if (valid === 1) return;
        if (column < sourceLength) textMask[row * sourceLength + column] = MASKED;
        else targetMask[row * targetLength + column - sourceLength] = MASKED;
      });
      for (let column = 0; column < length; column++) {
        const at = row * length + column;
        const position = column < prompt ? column : prompt + own.places[column - prompt]!;
        this.frequencies.forEach((frequency, i) => {
          cos[at * half + i] = Math.cos(position * frequency);
          sin[at * half + i] = Math.sin(position * frequency);
        });
      }
    }
    return {
      ids: tensor(ids, rows, text),
      positions: tensor(places, rows, text),
      textMask: tensor(textMask, rows, sourceLength),
      targetMask: tensor(targetMask, rows, targetLength),
      causal: tensor(causalMask(length), length, length),
      rotaryCos: tensor(cos, rows, 1, length, half),
      rotarySin: tensor(sin, rows, 1, length, half),
    };
  }

  kept(): Feeds {
    throw unsupported();
  }

  decoding(): Decoding {
    throw unsupported();
  }
}
