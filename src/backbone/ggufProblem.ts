import { UserError } from "../base/errors.ts";
import { listed, phrase, type Phrase } from "../base/phrase.ts";
import { ggufFolder } from "./gguf/ggufFolder.ts";
import { readPart } from "./gguf/ggufPart.ts";
import { isReadType, typeName } from "./gguf/ggufTypes.ts";
import { openBackbone } from "./openBackbone.ts";

/** The most types of tensors that a reason names. */
const MOST_TYPES = 3;

/** What is wrong with the cache says nothing of the model. */
const OF_CACHE: ReadonlySet<string> = new Set(["cache-not-writable", "disk-full", "file-too-large-for-disk"]);
const DAMAGED: ReadonlySet<string> = new Set([
  "gguf-truncated",
  "gguf-malformed",
  "gguf-too-large",
  "gguf-value-type",
  "gguf-number-not-finite",
]);
const PARTS: ReadonlySet<string> = new Set(["gguf-part-missing", "gguf-part-name", "gguf-part-other-model"]);
const LACKING: ReadonlySet<string> = new Set([
  "gguf-tensor-missing",
  "gguf-key-missing",
  "weights-tensor-missing",
  "weights-tensor-shape",
]);
const TOKENIZER: ReadonlySet<string> = new Set([
  "gguf-tokenizer-unknown",
  "gguf-tokenizer-malformed",
  "gguf-pre-tokenizer-missing",
  "gguf-pre-tokenizer-unknown",
]);
/** What a model of a supported architecture may compute that is not supported. */
const VARIANT: ReadonlySet<string> = new Set([
  "gguf-key-unsupported",
  "gguf-tensors-unknown",
  "gguf-layers-differ",
  "gguf-rope-factors",
  "gguf-scaling-unsupported",
  "gguf-rows-indivisible",
]);

/** What a file holds instead of a language model, as it says itself. */
function otherKind(kind: string | undefined, architecture: string): Phrase | undefined {
  if (kind === "mmproj" || architecture === "clip") return phrase`a projector for images or sound, no language model`;
  if (kind === "adapter") return phrase`an adapter, no model`;
  return kind === "imatrix" ? phrase`an importance matrix, no model` : undefined;
}

/** The reason in a few words for what reading a file's head ended with. */
function reasonOf(path: string, error: UserError): Phrase | undefined {
  const { code } = error;
  if (OF_CACHE.has(code)) return undefined;
  if (code === "file-not-gguf") return phrase`no GGUF file`;
  if (DAMAGED.has(code)) return phrase`damaged or incomplete`;
  if (PARTS.has(code)) return phrase`a part of several that does not fit or is missing`;
  if (code === "gguf-part-not-first") return phrase`not the first of its parts`;
  if (code === "gguf-tokenizer-key-missing") return phrase`without a tokenizer`;
  const { metadata, tensors } = readPart(path);
  const architecture = (metadata.text("general.architecture") ?? "").slice(0, 40);
  const other = otherKind(metadata.text("general.type"), architecture);
  if (other !== undefined) return other;
  if (code === "gguf-architecture-unsupported") return phrase`architecture "${architecture}" is not supported`;
  if (code === "gguf-type-not-read") {
    const types = new Set(tensors.map(({ type }) => typeName(type)).filter((type) => !isReadType(type)));
    return types.size === 0
      ? phrase`weights of a type that is not read`
      : phrase`weights of the type ${listed([...types].slice(0, MOST_TYPES))}, which is not read`;
  }
  if (metadata.text("tokenizer.ggml.model") === undefined) return phrase`without a tokenizer`;
  if (TOKENIZER.has(code)) return phrase`its tokenizer is not supported`;
  if (LACKING.has(code)) return phrase`a tensor or a key of "${architecture}" is missing`;
  if (VARIANT.has(code)) return phrase`a kind of "${architecture}" that is not supported`;
  return error.phrase;
}

/**
 * Why a GGUF file cannot be a backbone, in a few words; undefined where it can, as far as its head tells. Weights are
 * not read.
 * @param path the file, or the first of several
 */
export function ggufProblem(path: string): Phrase | undefined {
  try {
    const { layout, weights } = openBackbone(ggufFolder(path));
    for (const { name, dims } of layout.weights) weights.check(name, dims);
    return undefined;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    try {
      return reasonOf(path, error);
    } catch (again) {
      // The head itself cannot be read.
      if (again instanceof UserError) return error.phrase;
      throw again;
    }
  }
}
