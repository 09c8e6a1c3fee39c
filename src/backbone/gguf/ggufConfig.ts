import { UserError } from "../../base/errors.ts";
import { listed, phrase } from "../../base/phrase.ts";
import { ARCHITECTURES } from "./architectures.ts";
import type { ConfigJson, GgufArchitecture } from "./ggufArchitecture.ts";
import { GgufFacts } from "./ggufFacts.ts";
import type { GgufFile } from "./ggufFile.ts";
import { refuseUnreadKeys } from "./neutralKeys.ts";

/**
 * The architecture that a file names.
 * @throws UserError where it names none, or one that cannot be read
 */
export function ggufArchitecture({ path, metadata }: GgufFile): GgufArchitecture {
  const name = metadata.text("general.architecture") ?? "";
  const found = ARCHITECTURES.find((each) => each.name === name);
  if (found !== undefined) return found;
  const known = listed(ARCHITECTURES.map((each) => phrase`${each.name}`));
  throw new UserError(
    "gguf-architecture-unsupported",
    phrase`${path}: a GGUF file of the architecture "${name.slice(0, 40)}" cannot be read`,
    phrase`Use a GGUF file of one of the architectures ${known}, or the Hugging Face folder of the model, if its model_type is supported.`,
  );
}

/**
 * What the config.json of the model's Hugging Face folder would hold, as far as it decides what the model computes. The
 * families check it as they check a config.json.
 * @throws UserError for an architecture that cannot be read, for keys or tensors that are missing, and for keys that
 * change what the model computes and are not supported
 */
export function ggufConfig(file: GgufFile): ConfigJson {
  const architecture = ggufArchitecture(file);
  const facts = new GgufFacts(file, architecture.name);
  refuseUnreadKeys(facts, architecture);
  return architecture.config(facts);
}
