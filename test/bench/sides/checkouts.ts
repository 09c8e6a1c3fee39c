import { resolve } from "node:path";
import { interval, type AddRow } from "../report/benchRow.ts";
import { figures, speedRatio } from "../report/figures.ts";
import { THREADS } from "./peers.ts";
import { inTurn, times } from "./rounds.ts";
import type { StepShape } from "./shapes.ts";
import { Side, type Answer, type Asked } from "./side.ts";
import { randomBackbone, SideFolder, type SideBatch } from "./sideFolder.ts";

/** One measurement that this checkout and another make in turn. */
export interface CheckoutCase {
  name: string;
  unit: string;
  batch: SideBatch;
  asked: Asked;
}

interface Comparison {
  bench: string;
  shape: StepShape;
  cases: readonly CheckoutCase[];
  rounds: number;
  add: AddRow;
}

/** The parts of an answer that must be equal to the bit: loss and gradient norm of a step, tokens of a generation. */
const computed = ({ loss, norm, ids }: Answer): string => JSON.stringify({ loss, norm, ids });

/**
 * Times this checkout's engine and another's on the same backbone, parameters and batches, in turn within one run.
 * The ratio is the other's time over ours of the same round: at least 0.98 means "no slower" within 2 %.
 * @param checkout folder of another commit of this project, with its node_modules
 */
export async function compareCheckouts(
  checkout: string,
  { bench, shape, cases, rounds, add }: Comparison,
): Promise<void> {
  const folder = new SideFolder(
    randomBackbone(shape),
    cases.map(({ batch }) => batch),
  );
  const ours = Side.engine(folder.path, THREADS);
  let other: Side | undefined;
  try {
    other = Side.checkout(folder.path, THREADS, resolve(checkout));
    for (const [batch, each] of cases.entries()) {
      const found = await inTurn([ours, other], () => ({ ...each.asked, batch }) as Asked, { rounds });
      const [own, their] = [found.get(ours)!, found.get(other)!];
      const same = own.every((answer, round) => computed(answer) === computed(their[round]!));
      add({
        bench,
        case: each.name,
        unit: each.unit,
        ours: figures(times(own)),
        peer: { name: checkout, figures: figures(times(their)) },
        ratio: interval(speedRatio(times(own), times(their))),
        memory: { ours: own.at(-1)!.megabytes, peer: their.at(-1)!.megabytes },
        note: same
          ? "the same results to the bit"
          : `other results: ${computed(own.at(-1)!)} and ${computed(their.at(-1)!)}`,
      });
    }
  } finally {
    ours.end();
    other?.end();
    folder.remove();
  }
}
