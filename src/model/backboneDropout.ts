import type { HostTensor } from "../engine/program.ts";
import { MersenneTwister } from "../base/random.ts";
import { sizeAt } from "../graph/dims.ts";
import { keep, mul } from "../graph/ops.ts";
import { input, type InputValue, type Value } from "../graph/value.ts";

/** The input that feeds the factor 1 / (1 - rate) of kept values. */
const SCALE = "dropoutScale";

/** Values of a 16-bit draw, so a rate is accurate to 1/65536. */
const STEPS = 65536;

/**
 * Dropout inside the frozen backbone, which the official ADePT code leaves on in training. Masks are fed as bytes,
 * drawn in the order in which the graph was built, so a resumed step repeats them from its seed alone.
 */
export class BackboneDropout {
  private readonly sites: InputValue[] = [];
  private readonly scale = input(SCALE, []);

  /** x with a fresh mask of its shape: kept values times 1 / (1 - rate), the others 0. */
  readonly apply = (x: Value): Value => {
    const mask = input(`dropout${this.sites.length}`, x.shape, "bool");
    this.sites.push(mask);
    return mul(keep(x, mask), this.scale);
  };

  /**
   * The masks of one step.
   * @param rate share of values dropped, 0 <= rate < 1
   * @param symbols sizes of the graph's symbolic dimensions in this batch
   */
  feeds(rate: number, seed: number, symbols: Readonly<Record<string, number>>): Record<string, HostTensor> {
    const random = new MersenneTwister(seed);
    const threshold = Math.round(rate * STEPS);
    const masks = this.sites.map(({ name, shape }) => {
      const dims = shape.map((dim) => sizeAt(dim, symbols));
      return [
        name,
        {
          data: drawMask(
            dims.reduce((a, b) => a * b, 1),
            threshold,
            random,
          ),
          dims,
        },
      ] as const;
    });
    return { ...Object.fromEntries(masks), [SCALE]: { data: Float32Array.of(1 / (1 - rate)), dims: [] } };
  }
}

function drawMask(size: number, threshold: number, random: MersenneTwister): Uint8Array {
  const mask = new Uint8Array(size);
  for (let i = 0; i < size; i += 2) {
    const word = random.nextUint32();
    mask[i] = (word & 0xffff) < threshold ? 0 : 1;
    if (i + 1 < size) mask[i + 1] = word >>> 16 < threshold ? 0 : 1;
  }
  return mask;
}
