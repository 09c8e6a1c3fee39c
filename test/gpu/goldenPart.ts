import type { EngineSpec } from "../../src/engine/engineSpec.ts";
import type { Device } from "../../src/engine/engineSpec.ts";
import { GOLDENS, openMethodGolden, relativeDifference, withoutRounding } from "../golden/methodGolden.ts";
import { tellRow } from "./checkRow.ts";

/** The most that a gradient may differ, as a share of its tensor's largest value; see goldens/README.md. */
const MOST_GRADIENT = 1e-4;
/** The most that a loss may differ, relatively; a graphics processor sums in other orders. */
const MOST_LOSS = { processor: 1e-5, graphics: 1e-4 };

interface Difference {
  name: string;
  loss: number;
  gradient: number;
}

/** One step of a golden; how far its loss and its gradients are from PyTorch's on a processor. */
async function differenceOf(model: string, method: string, engine: EngineSpec): Promise<Difference & { on: string }> {
  const { tuned, parameters, tensors, json, batch, hiddenMask } = openMethodGolden(model, method, engine);
  try {
    const tokens = batch.labels.filter((id) => id >= 0).length;
    const { loss, gradients } = await tuned.step(parameters, batch, { lossScale: 1 / tokens, hiddenMask });
    const expected = tensors("grads.safetensors");
    if (expected.size === 0) throw new Error("the golden has no gradients");
    let gradient = 0;
    for (const [key, { data }] of expected)
      gradient = Math.max(
        gradient,
        relativeDifference(withoutRounding(key, gradients.get(key)!), withoutRounding(key, data)),
      );
    return { name: `${model} ${method}`, loss: Math.abs(loss / json.loss - 1), gradient, on: tuned.device };
  } finally {
    await tuned.release();
  }
}

/** The first method of every model, then the second of every model, and so on: what time cuts off is spread. */
function spread(): [string, string][] {
  const places = new Map<string, number>();
  return GOLDENS.map(([model, name]) => {
    const place = places.get(model) ?? 0;
    places.set(model, place + 1);
    return { model, name, place };
  })
    .sort((a, b) => a.place - b.place)
    .map(({ model, name }) => [model, name]);
}

const shown = (value: number): string => value.toExponential(1);

/** Goldens on one engine for so many seconds: `goldens DEVICE SECONDS`. */
export async function goldenPart([device, seconds]: readonly string[]): Promise<void> {
  const until = performance.now() + Number(seconds) * 1000;
  const engine: EngineSpec = { device: device as Device, threads: device === "cpu" ? 1 : 0, replicas: 1 };
  const found: Difference[] = [];
  let on = device!;
  const all = spread();
  for (const [model, method] of all) {
    if (performance.now() > until) break;
    const { on: told, ...difference } = await differenceOf(model, method, engine);
    on = told;
    found.push(difference);
  }
  const isProcessor = device === "cpu" || on.endsWith(" CPU");
  const mostLoss = isProcessor ? MOST_LOSS.processor : MOST_LOSS.graphics;
  const wrong = found.filter(({ loss, gradient }) => !(loss <= mostLoss && gradient <= MOST_GRADIENT));
  const most = (key: "loss" | "gradient"): string => shown(Math.max(...found.map((each) => each[key])));
  const rest = all.length - found.length;
  const notes = [
    `${found.length - wrong.length} of ${found.length} within ${shown(mostLoss)} in loss, ${shown(MOST_GRADIENT)} in gradients`,
    `largest differences ${most("loss")} and ${most("gradient")}`,
    ...(rest > 0 ? [`${rest} more left out: the time for them is over`] : []),
    ...wrong.map(({ name, loss, gradient }) => `${name}: ${shown(loss)}, ${shown(gradient)}`),
  ];
  tellRow({
    state: wrong.length === 0 && found.length > 0 ? "done" : "failed",
    bench: "goldens",
    case: on,
    unit: "",
    note: notes.join("; "),
  });
}
