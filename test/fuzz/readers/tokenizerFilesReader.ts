import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TOKENIZER_FILES } from "../../../src/backbone/tokenizer/tokenizerFiles.ts";
import { PIECES, spiece, type Piece } from "../../unit/backbone/spieceWriter.ts";
import { texts, type Reader } from "../reader.ts";
import { checkTokenizer } from "./tokenizerReader.ts";

const FLAGS = { lstrip: false, rstrip: true, normalized: false, single_word: false, special: true };
const VOCAB = {
  "<s>": 0,
  "<pad>": 1,
  "</s>": 2,
  "<unk>": 3,
  a: 4,
  b: 5,
  ab: 6,
  "\u0120": 7,
  "\u0120a": 8,
  "<mask>": 9,
};

/** The files of older models, each by its name without its extension; `model` is config.json. */
const FOLDERS = [
  { model: { model_type: "t5" }, vocab: VOCAB, merges: "#version: 0.2\na b\n\u0120 a\n" },
  {
    model: { model_type: "gpt2" },
    vocab: { ...VOCAB, "<|endoftext|>": 10 },
    merges: "a b\n",
    tokenizer_config: { add_bos_token: true, add_prefix_space: true, tokenizer_class: "GPT2TokenizerFast" },
    added_tokens: { "<new>": 11, "<other>": 12 },
  },
  {
    vocab: VOCAB,
    merges: "a b\n",
    tokenizer_config: {
      tokenizer_class: "RobertaTokenizer",
      added_tokens_decoder: { "3": { content: "<unk>", ...FLAGS }, "12": { content: "<x>", ...FLAGS, special: false } },
      cls_token: { content: "<s>", ...FLAGS },
      trim_offsets: false,
    },
    special_tokens_map: { mask_token: "<mask>", additional_special_tokens: ["<extra_id_0>", "<y>"] },
  },
  {
    pieces: PIECES,
    tokenizer_config: { extra_ids: 3, additional_special_tokens: ["<extra_id_0>"], eos_token: "</s>", pad_token: null },
    special_tokens_map: { unk_token: { content: "<unk>", ...FLAGS } },
    rows: 20,
  },
  { tokenizer_config: { tokenizer_class: "ByT5Tokenizer", extra_ids: 125, eos_token: { content: "</s>", ...FLAGS } } },
];

/** What nests deeper than it can be written is left out: files of such depth have readers of their own. */
function content(value: unknown): string {
  try {
    return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  } catch {
    return "";
  }
}
const short = (value: unknown): string =>
  typeof value === "string" ? value.toWellFormed() : content(value).slice(0, 100);
/** Pieces as a file has them; what is none is left out. */
const piecesOf = (value: unknown): Piece[] =>
  (Array.isArray(value) ? (value as unknown[]) : []).flatMap((each): Piece[] => {
    const [text, score, type] = Array.isArray(each) ? (each as unknown[]) : [];
    return [
      [short(text), typeof score === "number" ? score : NaN, ...(typeof type === "number" ? [type | 0] : [])] as Piece,
    ];
  });

/** Reads a folder of files that stand for a tokenizer.json; the input is all of them as one JSON. */
export const tokenizerFilesReader: Reader = {
  name: "tokenizerFiles",
  json: true,
  weight: 4,
  corpus: () => texts(...FOLDERS),
  open: (folder) => async (input) => {
    for (const name of [...TOKENIZER_FILES, "config.json"]) rmSync(join(folder, name), { force: true });
    const put = (name: string, value: unknown): void => {
      if (value !== undefined) writeFileSync(join(folder, name), content(value));
    };
    let files: Record<string, unknown>;
    try {
      files = Object(JSON.parse(input.toString())) as Record<string, unknown>;
    } catch {
      // What is no JSON stands in the place of one of the files.
      files = {
        ...FOLDERS[input.length % FOLDERS.length],
        [["merges", "vocab", "tokenizer_config", "added_tokens"][input.length % 4]!]: input.toString(),
      };
    }
    put("config.json", files["model"]);
    put("vocab.json", files["vocab"]);
    put("merges.txt", files["merges"]);
    for (const name of ["tokenizer_config", "special_tokens_map", "added_tokens"]) put(`${name}.json`, files[name]);
    if (files["pieces"] !== undefined) writeFileSync(join(folder, "spiece.model"), spiece(piecesOf(files["pieces"])));
    const { rows } = files;
    await checkTokenizer(folder, undefined, typeof rows === "number" && rows > 0 ? rows : undefined);
  },
};
