import { join } from "node:path";
import * as z from "zod";
import { boundedText } from "../../base/files/boundedFile.ts";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import {
  addedToken,
  numberedTokens,
  readTokenizerOptions,
  type NumberedToken,
  type SpecialName,
} from "./addedTokens.ts";
import { readTokenizerJson } from "./tokenizerConfig.ts";

/** The largest vocab.json and merges.txt that are read, in bytes; those of 150,000 tokens have 3 MB. */
const MOST_BYTES = 32 * 1024 * 1024;
const Vocabulary = z.record(
  z.string(),
  z
    .number()
    .int()
    .nonnegative()
    .max(2 ** 31 - 1),
);

/** A class of transformers that splits text by a vocab.json and a merges.txt. */
interface ByteLevelClass {
  /** The special tokens of the class where the files name none. */
  special: Partial<Record<SpecialName, string>>;
  /** Whether a text stands between cls_token and sep_token. */
  isFramed: boolean;
}
const ROBERTA: ByteLevelClass = {
  special: {
    bos_token: "<s>",
    eos_token: "</s>",
    unk_token: "<unk>",
    sep_token: "</s>",
    pad_token: "<pad>",
    cls_token: "<s>",
    mask_token: "<mask>",
  },
  isFramed: true,
};
const END = "<|endoftext|>";
const GPT2: ByteLevelClass = { special: { bos_token: END, eos_token: END, unk_token: END }, isFramed: false };

/** By the class that a model's files name, without "Fast", or its type. CodeT5 is a T5 with RoBERTa's tokenizer. */
const CLASSES: Readonly<Record<string, ByteLevelClass | undefined>> = {
  RobertaTokenizer: ROBERTA,
  BartTokenizer: ROBERTA,
  GPT2Tokenizer: GPT2,
  CodeGenTokenizer: GPT2,
  t5: ROBERTA,
  gpt2: GPT2,
  codegen: GPT2,
};
/** The classes and types of models that have such a tokenizer. */
export const byteLevelClass = (name: string): boolean => Object.hasOwn(CLASSES, name);

/** The merges of merges.txt, in order. @throws UserError naming the file and the line */
function readMerges(path: string): [string, string][] {
  return boundedText(path, MOST_BYTES)
    .split("\n")
    .flatMap((line, i): [string, string][] => {
      const text = line.trimEnd();
      if (text === "" || text.startsWith("#version")) return [];
      const [left, right, ...more] = text.split(" ");
      if (left === undefined || right === undefined || more.length > 0)
        throw new UserError(
          "merges-malformed",
          phrase`${path}, line ${i + 1}: a merge is two pieces with a space between`,
          phrase`Download the file again.`,
        );
      return [[left, right]];
    });
}

/** What is put around a text: the tokens of RoBERTa, or a token before it where the files want one. */
function frame(
  folder: string,
  { isFramed }: ByteLevelClass,
  added: readonly NumberedToken[],
  of: (name: SpecialName) => string,
): object | null {
  const {
    add_prefix_space: prefix = false,
    add_bos_token: begins,
    trim_offsets: trims = true,
  } = readTokenizerOptions(folder);
  const numbered = (name: SpecialName): [string, number] => [
    of(name),
    added.find(({ content }) => content === of(name))!.id,
  ];
  if (isFramed)
    return {
      type: "RobertaProcessing",
      sep: numbered("sep_token"),
      cls: numbered("cls_token"),
      trim_offsets: trims,
      add_prefix_space: prefix,
    };
  if (begins !== true) return { type: "ByteLevel", add_prefix_space: true, trim_offsets: false, use_regex: true };
  const [token, id] = numbered("bos_token");
  return {
    type: "TemplateProcessing",
    single: [{ SpecialToken: { id: token, type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
    pair: [
      { SpecialToken: { id: token, type_id: 0 } },
      { Sequence: { id: "A", type_id: 0 } },
      { SpecialToken: { id: token, type_id: 0 } },
      { Sequence: { id: "B", type_id: 0 } },
    ],
    special_tokens: { [token]: { id: token, ids: [id], tokens: [token] } },
  };
}

/**
 * The content of the tokenizer.json that equals transformers' RobertaTokenizer, GPT2Tokenizer or CodeGenTokenizer on a
 * folder's vocab.json and merges.txt.
 * @param name of the class, or of the type of model
 * @throws UserError naming a file that is malformed
 */
export function byteLevelTokenizer(folder: string, name: string): object {
  const kind = CLASSES[name]!;
  const vocab = readTokenizerJson(join(folder, "vocab.json"), Vocabulary, MOST_BYTES) ?? {};
  const { special, extra, listed, add_prefix_space: prefix = false } = readTokenizerOptions(folder);
  const ids = new Map(Object.entries(vocab));
  const names = new Set([...Object.keys(kind.special), ...Object.keys(special)]) as Set<SpecialName>;
  const of = (use: SpecialName): string => special[use]?.content ?? kind.special[use] ?? END;
  const uses = [...names].map((use) => special[use] ?? addedToken(of(use), true));
  const added = numberedTokens([...listed, ...uses, ...(extra ?? [])], ids, ids.size);
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: prefix, trim_offsets: true, use_regex: true },
    post_processor: frame(folder, kind, added, of),
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: "",
      end_of_word_suffix: "",
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges: readMerges(join(folder, "merges.txt")),
    },
  };
}
