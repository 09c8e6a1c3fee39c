import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";

/** A value of the metadata. Arrays of numbers and of booleans (0 and 1) are Float64Arrays. */
export type GgufValue = number | boolean | string | readonly string[] | Float64Array;

/** What a value is, in the words of the format. */
function kindOf(value: GgufValue): string {
  if (value instanceof Float64Array) return "an array of numbers";
  return typeof value === "object" ? "an array of strings" : `a ${typeof value}`;
}

/** The metadata of a GGUF file: its keys, such as "general.architecture", with their values. */
export class GgufMetadata {
  /** @param path the file, named by errors */
  constructor(
    readonly path: string,
    private readonly values: ReadonlyMap<string, GgufValue>,
  ) {}

  has(key: string): boolean {
    return this.values.has(key);
  }

  keys(): IterableIterator<string> {
    return this.values.keys();
  }

  /** A value of any type; undefined where the key is missing. */
  value(key: string): GgufValue | undefined {
    return this.values.get(key);
  }

  /** A string; undefined where the key is missing. @throws UserError where the value has another type */
  text(key: string): string | undefined {
    const value = this.values.get(key);
    if (value === undefined || typeof value === "string") return value;
    throw this.another(key, value, "a string");
  }

  /** A number; undefined where the key is missing. @throws UserError where the value has another type */
  number(key: string): number | undefined {
    const value = this.values.get(key);
    if (value === undefined || typeof value === "number") return value;
    throw this.another(key, value, "a number");
  }

  /** A boolean; undefined where the key is missing. @throws UserError where the value has another type */
  flag(key: string): boolean | undefined {
    const value = this.values.get(key);
    if (value === undefined || typeof value === "boolean") return value;
    throw this.another(key, value, "a boolean");
  }

  /** An array of strings; undefined where the key is missing. @throws UserError where the value has another type */
  texts(key: string): readonly string[] | undefined {
    const value = this.values.get(key);
    if (value === undefined) return undefined;
    if (typeof value === "object" && !(value instanceof Float64Array)) return value;
    throw this.another(key, value, "an array of strings");
  }

  /**
   * An array of numbers, or of booleans as 0 and 1; undefined where the key is missing.
   * @throws UserError where the value has another type
   */
  numbers(key: string): ArrayLike<number> | undefined {
    const value = this.values.get(key);
    if (value === undefined || value instanceof Float64Array) return value;
    throw this.another(key, value, "an array of numbers");
  }

  private another(key: string, value: GgufValue, wanted: string): UserError {
    return new UserError(
      "gguf-value-type",
      phrase`${this.path}: the value of "${key}" is ${kindOf(value)}, not ${wanted}`,
      phrase`Take another GGUF file of the model, or convert the model again with a newer llama.cpp.`,
    );
  }
}
