import { nearestNames } from "../base/text/nearestName.ts";
import { phrase, type Phrase } from "../base/phrase.ts";
import { UserError } from "../base/errors.ts";
import type { Precision } from "../engine/precisionSpec.ts";
import { readConfigFile, type ConfigFile } from "./configFile.ts";
import { FAMILIES } from "./families.ts";
import { offeredTypes } from "./offeredTypes.ts";
import type { Architecture, Family } from "./family.ts";
import { BackboneWeights } from "./files/weights.ts";
import { finished, type CopySteps } from "./files/copySteps.ts";
import { inPrecision } from "./files/inPrecision.ts";
import { pruneCopies } from "./files/keptCopies.ts";
import { removeLeft } from "./files/leftFiles.ts";
import { weightCachePath } from "./files/weightCache.ts";
import { refuseQuantised } from "./quantised.ts";
import { relatedType } from "./relatedTypes.ts";

/** A model folder, opened: its architecture and its tensors. */
export interface Backbone extends Architecture {
  readonly family: Family;
  readonly weights: BackboneWeights;
}

/** How a model folder is opened. */
export interface OpenOptions {
  /** The type that matrices are stored in. Tensors of another type are converted once, into a file of the cache. */
  precision?: Precision | undefined;
  /** Whether products read the memory-mapped file instead of a packed copy: less memory, more time. */
  mapped?: boolean | undefined;
  /** Whether another copy of the model has just verified the cache's file. */
  verified?: boolean | undefined;
}

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(", ");

/** What a user can do about a folder that is not a usable model. */
const action = (): Phrase =>
  phrase`Give the folder of a Hugging Face model of a supported type: model_type ${quoted(offeredTypes())}.`;

/**
 * The family of a model type.
 * @throws UserError where no family reads it
 */
function familyOf({ path, modelType }: ConfigFile): Family {
  if (modelType === undefined) throw new UserError("model-type-missing", phrase`${path} names no model_type`, action());
  const family = FAMILIES.find(({ modelTypes }) => modelTypes.includes(modelType));
  const name = `"${modelType.slice(0, 40)}"`;
  if (family === undefined) {
    const related = relatedType(modelType, offeredTypes());
    const nearest =
      related?.nearest ?? (related === undefined ? nearestNames(modelType, offeredTypes())[0] : undefined);
    throw new UserError(
      "model-type-unsupported",
      related === undefined
        ? phrase`${path}: model type ${name} is not supported`
        : phrase`${path}: model type ${name} is not supported: ${related.difference}`,
      nearest === undefined ? action() : phrase`${action()} The nearest is "${nearest}".`,
    );
  }
  return family;
}

/**
 * Whether a folder's config.json is that of a model that can be used, whatever else is there.
 * @throws UserError where it is missing or damaged, or the model is of another type or quantised
 */
export function checkModelType(folder: string): void {
  const file = readConfigFile(folder, action());
  familyOf(file);
  refuseQuantised(file);
}

/**
 * Opens a Hugging Face model folder.
 * @throws UserError where config or weights are missing or damaged, do not belong together, are of a model type that is
 * not supported, are quantised by another library, or hold values that do not fit the precision
 */
export function openBackbone(folder: string, options: OpenOptions = {}): Backbone {
  return finished(opening(folder, options, false));
}

/**
 * Makes all copies of a model's weights in the cache that `openBackbone` needs for values in a precision; then opening
 * it takes a moment.
 * @throws UserError as openBackbone
 */
export function* copyWeights(folder: string, precision: Precision): CopySteps<void> {
  removeLeft(weightCachePath());
  pruneCopies();
  yield* opening(folder, { precision }, true);
}

/** @param isCopied also the copies are made that are else made when a value is first asked for */
function* opening(folder: string, options: OpenOptions, isCopied: boolean): CopySteps<Backbone> {
  // The type comes first: of a model that is not supported, other weight files would not help.
  const file = readConfigFile(folder, action());
  const family = familyOf(file);
  refuseQuantised(file);
  const weights = BackboneWeights.open(folder, options.verified);
  if (isCopied) yield* weights.copies();
  const architecture = family.read(file, weights);
  const named = weights.named(
    architecture.layout.weights.map(({ name }) => name),
    architecture.storedAs,
  );
  return { ...architecture, family, weights: yield* inPrecision(named, architecture.layout, options) };
}
