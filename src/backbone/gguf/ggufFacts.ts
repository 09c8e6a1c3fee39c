import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { hasEqualBytes } from "./equalBytes.ts";
import type { GgufFile, GgufTensor } from "./ggufFile.ts";
import { shortestDecimal } from "./shortestDecimal.ts";

/** Special tokens, by the names that config.json and GGUF have for them. */
const SPECIAL_TOKENS = { bos_token_id: "bos", eos_token_id: "eos", pad_token_id: "padding" };

/** What a GGUF file says of its model, by keys without the architecture's name in front. */
export class GgufFacts {
  /** @param architecture the file's `general.architecture`, with which the keys begin */
  constructor(
    readonly file: GgufFile,
    readonly architecture: string,
  ) {}

  /** The whole key, as the file has it. */
  key(name: string): string {
    return `${this.architecture}.${name}`;
  }

  /**
   * A number, or the number that an array has for every layer; undefined where the key is missing.
   * @throws UserError where the value is another, or layers differ
   */
  number(name: string): number | undefined {
    const { metadata, path } = this.file;
    const key = this.key(name);
    if (!(metadata.value(key) instanceof Float64Array)) return this.finite(key, metadata.number(key));
    const each = metadata.numbers(key)!;
    const first = each[0];
    for (let i = 0; i < each.length; i++)
      if (each[i] !== first)
        throw new UserError(
          "gguf-layers-differ",
          phrase`${path}: "${key}" is ${first!} in one layer and ${each[i]!} in another, which is not supported`,
          phrase`Use a model whose layers all have the same sizes.`,
        );
    return this.finite(key, first);
  }

  private finite(key: string, value: number | undefined): number | undefined {
    if (value === undefined || Number.isFinite(value)) return value;
    throw new UserError(
      "gguf-number-not-finite",
      phrase`${this.file.path}: the value of "${key}" is ${value}`,
      phrase`Take another GGUF file of the model: this one is damaged.`,
    );
  }

  /** A number that the file must have. @throws UserError where it is missing or no number */
  needed(name: string): number {
    const found = this.number(name);
    if (found !== undefined) return found;
    throw new UserError(
      "gguf-key-missing",
      phrase`${this.file.path} has no "${this.key(name)}"`,
      phrase`Take another GGUF file of the model, or convert the model again with a newer llama.cpp.`,
    );
  }

  /** A number that is stored as fp32, as the decimal that was meant. */
  decimal(name: string): number | undefined {
    const found = this.number(name);
    return found === undefined ? undefined : shortestDecimal(found);
  }

  /** A decimal that the file must have. */
  neededDecimal(name: string): number {
    return shortestDecimal(this.needed(name));
  }

  flag(name: string): boolean | undefined {
    return this.file.metadata.flag(this.key(name));
  }

  text(name: string): string | undefined {
    return this.file.metadata.text(this.key(name));
  }

  tensor(name: string): GgufTensor | undefined {
    return this.file.tensors.get(name);
  }

  has(tensor: string): boolean {
    return this.file.tensors.has(tensor);
  }

  /** Rows of a tensor that the file must have. @throws UserError where it is missing */
  rows(tensor: string): number {
    const found = this.tensor(tensor)?.dims[0];
    if (found !== undefined) return found;
    throw new UserError(
      "gguf-tensor-missing",
      phrase`${this.file.path} has no tensor "${tensor}"`,
      phrase`Take another GGUF file of the model: this one holds no whole language model.`,
    );
  }

  /** Whether the head is the embedding table: the file has no other, or repeats the table. */
  get isTied(): boolean {
    const [table, head] = [this.tensor("token_embd.weight"), this.tensor("output.weight")];
    return head === undefined || (table !== undefined && hasEqualBytes(table, head));
  }

  /** The ids of the special tokens that the file names and that have a row, under the keys of config.json. */
  get specialTokens(): Record<string, number> {
    const found: Record<string, number> = {};
    const rows = this.rows("token_embd.weight");
    for (const [key, name] of Object.entries(SPECIAL_TOKENS)) {
      const id = this.file.metadata.number(`tokenizer.ggml.${name}_token_id`);
      if (id !== undefined && id >= 0 && id < rows) found[key] = id;
    }
    return found;
  }
}
