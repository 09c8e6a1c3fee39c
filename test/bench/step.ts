import { parseArgs } from "node:util";
import { interval, type AddRow } from "./report/benchRow.ts";
import { figures, speedRatio } from "./report/figures.ts";
import { compareCheckouts, type CheckoutCase } from "./sides/checkouts.ts";
import { lacking, peerName, peersNamed, startPeer, THREADS, type Peer } from "./sides/peers.ts";
import { inTurn, times } from "./sides/rounds.ts";
import { BATCH, SHAPES, SIZES, type StepShape } from "./sides/shapes.ts";
import { Side, type Answer, type OwnEngine } from "./sides/side.ts";
import { randomBackbone, randomBatch, SideFolder } from "./sides/sideFolder.ts";

/** Sides in fp32 agree in loss and gradient norm to this; bf16 is shown only. */
const AGREEMENT = 1e-3;

/** @throws Error where two sides do not compute the same */
function agree(shape: StepShape, [ours, theirs]: readonly [Answer, Answer], name: string): void {
  for (const key of ["loss", "norm"] as const) {
    const [a, b] = [ours[key]!, theirs[key]!];
    if (!(Math.abs(a - b) <= AGREEMENT * Math.abs(b)))
      throw new Error(`${shape.name}: ADePT Lab and ${name} do not compute the same ${key}: ${a} and ${b}`);
  }
}

/** Returns the sides that start and make a first step; reports the others with the reason. */
async function startAll(
  peers: readonly Peer[],
  folder: string,
  refused: (peer: Peer, why: string) => void,
): Promise<Map<Peer, Side>> {
  const sides = new Map<Peer, Side>();
  for (const peer of peers) {
    const why = lacking(peer);
    if (why !== undefined) {
      refused(peer, why);
      continue;
    }
    const side = startPeer(peer, folder);
    try {
      await side.ask({ call: "step", batch: 0 });
      sides.set(peer, side);
    } catch (error) {
      side.end();
      refused(peer, error instanceof Error ? error.message : String(error));
    }
  }
  return sides;
}

const shown = ({ loss, norm }: Answer): string => `loss ${loss!.toPrecision(6)}, gradient norm ${norm!.toPrecision(5)}`;

async function compare(
  shape: StepShape,
  { peers, rounds, add, engine }: { peers: readonly Peer[]; rounds: number; add: AddRow; engine: OwnEngine },
): Promise<void> {
  const folder = new SideFolder(randomBackbone(shape), [randomBatch(shape.vocabulary, BATCH)]);
  const ours = Side.engine(folder.path, THREADS, engine);
  const row = { bench: "step", case: engine === "cpu" ? shape.name : `${shape.name}, ${engine}`, unit: "ms/step" };
  let others = new Map<Peer, Side>();
  try {
    others = await startAll(peers, folder.path, (peer, why) => {
      add({ ...row, peer: { name: peerName(peer) }, note: `left out: ${why}` });
    });
    const found = await inTurn([ours, ...others.values()], () => ({ call: "step", batch: 0 }), { rounds });
    const own = found.get(ours)!;
    const last = own.at(-1)!;
    if (others.size === 0)
      add({ ...row, ours: figures(times(own)), memory: { ours: last.megabytes }, note: shown(last) });
    for (const [peer, side] of others) {
      const answers = found.get(side)!;
      const their = answers.at(-1)!;
      add({
        ...row,
        ours: figures(times(own)),
        peer: { name: peerName(peer), figures: figures(times(answers)) },
        ratio: interval(speedRatio(times(own), times(answers))),
        memory: { ours: last.megabytes, peer: their.megabytes },
        note: `${shown(last)}; peer: ${shown(their)}`,
      });
      if (!peer.includes("bf16") && !engine.includes("bf16")) agree(shape, [last, their], peerName(peer));
    }
  } finally {
    for (const side of [ours, ...others.values()]) side.end();
    folder.remove();
  }
}

const stepCase = (shape: StepShape): CheckoutCase => ({
  name: shape.name,
  unit: "ms/step",
  batch: randomBatch(shape.vocabulary, BATCH),
  asked: { call: "step", batch: 0 },
});

/**
 * npm run bench step [SHAPE...] [--peers eager,compile,bf16,tfjs,torch,torch-bf16] [--rounds N] [--engine torch]
 * [--against CHECKOUT]: the training step (loss and gradients of ADePT) of this engine as a run has it, and of each
 * peer, in turn within one run. With --against, of another checkout's engine instead of the peers.
 */
export async function benchStep(args: string[], add: AddRow): Promise<void> {
  const { values, positionals: names } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      peers: { type: "string" },
      rounds: { type: "string" },
      against: { type: "string" },
      engine: { type: "string" },
    },
  });
  const peers = peersNamed(values.peers);
  console.log(
    `ADePT step: batch ${BATCH.rows}, input ${BATCH.sourceLength} + prompt ${SIZES.promptLength}, target ${BATCH.targetLength}, ${THREADS} threads a side`,
  );
  for (const shape of SHAPES.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const rounds = Number(values.rounds ?? shape.rounds);
    if (values.against === undefined)
      await compare(shape, { peers, rounds, add, engine: (values.engine ?? "cpu") as OwnEngine });
    else await compareCheckouts(values.against, { bench: "step", shape, cases: [stepCase(shape)], rounds, add });
  }
}
