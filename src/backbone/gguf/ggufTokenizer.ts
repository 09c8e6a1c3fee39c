import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import type { SpecialName } from "../tokenizer/addedTokens.ts";
import { byteLevel } from "./ggufByteLevel.ts";
import type { GgufMetadata } from "./ggufMetadata.ts";
import { sentencePiece } from "./ggufSentencePiece.ts";
import { unigram } from "./ggufUnigram.ts";
import { badValue, KEYS, needed } from "./ggufVocabulary.ts";
import type { MadeTokenizer } from "./madeTokenizer.ts";

/** The contents of the files that describe a tokenizer in a Hugging Face folder. */
export interface GgufTokenizer {
  /** Of tokenizer.json, tokenizer_config.json and generation_config.json. */
  tokenizer: object;
  tokenizerConfig: object;
  generationConfig: object;
}

const KINDS: ReadonlyMap<string, (metadata: GgufMetadata) => MadeTokenizer> = new Map([
  ["gpt2", byteLevel],
  ["llama", sentencePiece],
  ["t5", unigram],
]);

/** Whether beginning and end tokens stand around every text, by the file or as usual. */
interface Around {
  begin: number | undefined;
  end: number | undefined;
}

/** @throws UserError where the file asks for a token that it does not name */
function aroundOf(metadata: GgufMetadata, { vocabulary: { special }, usual }: MadeTokenizer): Around {
  const wanted = (key: string, isUsual: boolean, id: number | undefined): number | undefined => {
    const flag = metadata.flag(`${KEYS}${key}`);
    if (flag === true && id === undefined)
      throw badValue(metadata, `${KEYS}${key}`, phrase`it is true, but the file does not name that token`);
    return (flag ?? isUsual) ? id : undefined;
  };
  return {
    begin: wanted("add_bos_token", usual.begins, special.bos_token),
    end: wanted("add_eos_token", usual.ends, special.eos_token),
  };
}

/** A template that puts tokens around a text, and around each of a pair; null where it puts none. */
function postProcessor(tokens: readonly string[], { begin, end }: Around): object | null {
  const named = [begin, end].filter((id) => id !== undefined);
  if (named.length === 0) return null;
  const special = (id: number | undefined, type: number): object[] =>
    id === undefined ? [] : [{ SpecialToken: { id: tokens[id]!, type_id: type } }];
  const text = (sequence: string, type: number): object[] => [
    ...special(begin, type),
    { Sequence: { id: sequence, type_id: type } },
    ...special(end, type),
  ];
  return {
    type: "TemplateProcessing",
    single: text("A", 0),
    pair: [...text("A", 0), ...text("B", 1)],
    special_tokens: Object.fromEntries(
      named.map((id) => [tokens[id]!, { id: tokens[id]!, ids: [id], tokens: [tokens[id]!] }]),
    ),
  };
}

/** Chat templates: one alone as its text, several as a list with their names; undefined where there is none. */
function chatTemplates(metadata: GgufMetadata): string | { name: string; template: string }[] | undefined {
  const key = "tokenizer.chat_template";
  const usual = metadata.text(key);
  const named = [...metadata.keys()]
    .filter((each) => each.startsWith(`${key}.`))
    .map((each) => ({ name: each.slice(key.length + 1), template: metadata.text(each)! }));
  if (named.length === 0) return usual;
  return [...(usual === undefined ? [] : [{ name: "default", template: usual }]), ...named];
}

function tokenizerConfig(metadata: GgufMetadata, made: MadeTokenizer, { begin, end }: Around): object {
  const { special, tokens, architecture } = made.vocabulary;
  const template = chatTemplates(metadata);
  const length = metadata.number(`${architecture ?? ""}.context_length`);
  return {
    added_tokens_decoder: Object.fromEntries(made.added.map(({ id, ...token }) => [String(id), token])),
    ...Object.fromEntries(Object.entries(special).map(([use, id]) => [use, tokens[id]!])),
    add_bos_token: begin !== undefined,
    add_eos_token: end !== undefined,
    clean_up_tokenization_spaces: false,
    ...(length !== undefined && { model_max_length: length }),
    ...(template !== undefined && { chat_template: template }),
    // The class that takes tokenizer.json as it is.
    tokenizer_class: "PreTrainedTokenizerFast",
  };
}

function generationConfig({ vocabulary: { special, ends } }: MadeTokenizer): object {
  const id = (key: string, use: SpecialName): object => (special[use] === undefined ? {} : { [key]: special[use] });
  return {
    ...id("bos_token_id", "bos_token"),
    ...(ends.length > 0 && { eos_token_id: ends.length === 1 ? ends[0] : ends }),
    ...id("pad_token_id", "pad_token"),
  };
}

/**
 * The tokenizer of a GGUF file, as the files of a Hugging Face folder hold it.
 * @throws UserError naming the file and the key that is missing or cannot be used, or a kind of tokenizer that is not
 *   known
 */
export function ggufTokenizer(metadata: GgufMetadata): GgufTokenizer {
  const key = `${KEYS}model`;
  const kind = needed(metadata, key, metadata.text(key));
  const make = KINDS.get(kind);
  if (make === undefined)
    throw new UserError(
      "gguf-tokenizer-unknown",
      phrase`${metadata.path}: its tokenizer is of the kind "${kind.slice(0, 60)}" ("${key}"), which cannot be read`,
      phrase`Use the Hugging Face folder of the same model as the backbone.`,
    );
  const made = make(metadata);
  const around = aroundOf(metadata, made);
  return {
    tokenizer: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: made.added,
      ...made.parts,
      post_processor: postProcessor(made.vocabulary.tokens, around),
    },
    tokenizerConfig: tokenizerConfig(metadata, made, around),
    generationConfig: generationConfig(made),
  };
}
