import { phrase, type Phrase } from "../../base/phrase.ts";
import { refuseKey } from "./refuseKey.ts";

/** Whether a value says that a feature of PEFT is not used: null, false, 0, "none", and whatever is empty. */
export function isNone(value: unknown): boolean {
  if (value == null || value === false || value === 0 || value === "" || value === "none") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** A key that changes what an adapter computes: the values that change nothing, and what is said of all others. */
export interface RefusedKey {
  isHarmless: (value: unknown) => boolean;
  why: Phrase;
  action: Phrase;
}

/** The keys of one type of adapter. */
export interface KnownKeys {
  /** Keys that are read, and keys that say nothing of the trained adapter: any value. */
  any: readonly string[];
  refused: Readonly<Record<string, RefusedKey>>;
}

export const MERGE = phrase`Merge the adapter with PEFT (merge_and_unload, save_pretrained), and use the merged model as the backbone.`;

/** A key whose values other than "not used" cannot be applied. */
export const unused = (why: Phrase, action: Phrase = MERGE): RefusedKey => ({ isHarmless: isNone, why, action });

/** Keys of every type, none of which changes what the adapter computes; task_type is checked where it is read. */
const SHARED = [
  "peft_type",
  "peft_version",
  "task_type",
  "base_model_name_or_path",
  "revision",
  "inference_mode",
  "auto_mapping",
  "runtime_config",
];

/** The key of every type that replaces whole modules. */
export const modulesToSave = unused(
  phrase`whole modules are saved beside the adapter, and replace the backbone's`,
  phrase`Merge the adapter with PEFT (merge_and_unload, save_pretrained), and use the merged model as the backbone; or train it without modules_to_save.`,
);

const UNKNOWN = unused(
  phrase`ADePT Lab does not know this key, so it cannot tell what it changes`,
  phrase`Take the key out if it is a note. Otherwise merge the adapter with the program that wrote it, and use the merged model as the backbone.`,
);

/**
 * Refuses a config that has a key with a value that cannot be applied, and an unknown key unless its value says that it
 * is not used.
 * @throws UserError naming key, value and what to do
 */
export function refuseHarmful(config: object, { any, refused }: KnownKeys, path: string): void {
  for (const [key, value] of Object.entries(config)) {
    if (SHARED.includes(key) || any.includes(key)) continue;
    const { isHarmless, why, action } = Object.hasOwn(refused, key) ? refused[key]! : UNKNOWN;
    if (!isHarmless(value)) refuseKey(path, [key, value], why, action);
  }
}
