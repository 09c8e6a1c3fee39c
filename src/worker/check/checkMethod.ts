import { openBackbone } from "../../backbone/openBackbone.ts";
import type { BackboneLayout } from "../../backbone/layout.ts";
import { UserError } from "../../base/errors.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { defaultRates } from "../../method/learningRates.ts";
import type { MethodSpec } from "../../method/methodSpec.ts";
import { tooFewPositions } from "../../method/positionNeed.ts";
import { methodOf } from "../../method/registry.ts";
import { resolveSizes, type MethodSizes } from "../../method/sizes.ts";
import { backboneFolder } from "../../backbone/backboneFolder.ts";
import { explained } from "../../base/text/explain.ts";
import type { Locate } from "./checkData.ts";
import { checkSource } from "./checkSource.ts";
import { checkTargetNames } from "./checkTargetNames.ts";
import type { ExperimentText } from "./experimentText.ts";

/** The layout of a backbone whose files have every tensor in its size. */
function wholeLayout(folder: string): BackboneLayout {
  const { layout, weights } = openBackbone(folder);
  for (const { name, dims } of layout.weights) weights.check(name, dims);
  return layout;
}

/** Layouts of backbones; each is read once. */
export class Layouts {
  private readonly read = new Map<string, BackboneLayout>();

  /** The layout of a backbone that was read. */
  known(backbone: string): BackboneLayout | undefined {
    return this.read.get(backbone);
  }

  /** @throws UserError where the backbone cannot be read */
  of(backbone: string): BackboneLayout {
    const layout = this.read.get(backbone) ?? wholeLayout(backboneFolder(backbone));
    this.read.set(backbone, layout);
    return layout;
  }
}

/**
 * Checks budget, sizes and positions of a run on its backbone.
 * @returns its sizes, where they fit the budget
 */
export function checkMethod(
  text: ExperimentText,
  { method, training, backbone }: Pick<Experiment, "method" | "training" | "backbone">,
  layouts: Layouts,
  at: Locate,
): MethodSizes | undefined {
  let layout: BackboneLayout;
  try {
    layout = layouts.of(backbone);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    text.tell(at(["backbone"]), { code: "bad-backbone", message: explained(error.phrase, error.actionPhrase) });
    return undefined;
  }
  checkPositions(text, { method, training }, layout, at);
  if (checkTargetNames(text, method, layout, at)) return undefined;
  try {
    const sizes = resolveSizes(method, layout);
    checkSource(text, method, { sizes, layout, at });
    return sizes;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // Its last value is the least number of parameters.
    const least = error.code === "budget-too-small" ? error.phrase.values.at(-1) : undefined;
    const keys = at(error.keys?.map(String) ?? ["method", "budget"]);
    const sizes = Object.keys(methodOf(method.kind).sizes).map((key) => ({ key, place: at(["method", key]) }));
    // A size can be left out where it is a method's own, not one of the values of a sweep.
    const fixes =
      typeof least === "number"
        ? [
            ...text.replace(keys, least, phrase`Raise the budget to ${least}`),
            ...sizes
              .filter(({ place }) => place.at(-2) !== "vary" && typeof place.at(-1) === "string")
              .flatMap(({ key, place }) =>
                text.remove(place).map((fix) => ({ ...fix, title: phrase`Let the budget decide ${key}` })),
              ),
          ]
        : [];
    text.tell(keys, { code: "budget", message: phrase`${error.phrase}.`, fixes });
    return undefined;
  }
}

function checkPositions(
  text: ExperimentText,
  { method, training }: Pick<Experiment, "method" | "training">,
  layout: BackboneLayout,
  at: Locate,
): void {
  const { maxSourceLength, maxTargetLength: target } = training;
  const few = tooFewPositions(method, layout, { text: maxSourceLength, target });
  if (few === undefined) return;
  const { rows, needed } = few;
  const most = rows - (needed - maxSourceLength);
  const keys = at(["method", "positions"]);
  text.tell(keys, {
    code: "positions",
    message: layout.isCausal
      ? phrase`Texts of up to ${maxSourceLength} tokens with answers of up to ${target} do not fit the ${rows} rows of method.positions.`
      : phrase`Texts of up to ${maxSourceLength} tokens do not fit the ${rows} rows of method.positions.`,
    fixes: [
      ...text.replace(keys, needed),
      ...(most > 0 ? text.replace(at(["training", "maxSourceLength"]), most, phrase`Cut texts at ${most} tokens`) : []),
    ],
  });
}

/** Reports a learning rate of a group that the method does not have. */
export function strayRate(
  text: ExperimentText,
  method: MethodSpec | undefined,
  keys: readonly string[],
  message: Phrase,
): void {
  const groups = Object.keys(method === undefined ? {} : defaultRates(method));
  text.tell(keys, {
    code: "unknown-group",
    message,
    fixes: [...groups.flatMap((each) => text.rename(keys, each)), ...text.remove(keys)],
  });
}
