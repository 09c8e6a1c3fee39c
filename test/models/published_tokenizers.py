"""Writes tokenizers in the files that older published models have, and what transformers makes of odd texts:

    published_tokenizers.py SEED FOLDER

FOLDER/NAME has the tokenizer's files and `expected.json`: texts with their ids, with and without the tokens around them, and the texts decoded again.
No sentencepiece is needed: spiece.model is written here, byte by byte, and T5Tokenizer gets the pieces themselves."""
import json, pathlib, random, struct, sys, unicodedata
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AddedToken, AutoTokenizer, ByT5Tokenizer, CodeGenTokenizer, GPT2Tokenizer, RobertaTokenizer, T5Tokenizer

WORDS = "the film was a good one and its end not bad at all return for in range print def if else x y value text model über café naïve 東京 は привет мир 🙂 don't it's 3.14 100".split()
ODD = ["", " ", "  ", "\n", "\t \n", "\u00a0", "\u3000", "\u2581", "▁▁", "\u200b", "\ufeff", "\r\n", "\x00", "\x01", "\x7f", "\x85", "e\u0301", "ﬁ", "Ａ１", "½", "①", "…", "İ", "ß", "\u0301", "👩‍👩‍👧", "🇩🇪", "\U0001f600", "\U0010ffff", "\ufffd",
       "<pad>", "</s>", "<unk>", "<s>", "<mask>", " <mask> ", "<extra_id_0>", "<extra_id_3>", " <extra_id_1>x", "<extra_id_", "<|endoftext|>", "<sep>", "[CUSTOM]", "      ", "\t\t\t"]


def texts(rng):
    made = list(ODD) + [f"{odd}word" for odd in ODD] + [f"a {odd} b" for odd in ODD] + [f"tail{odd}" for odd in ODD if odd != "</s>"]
    for _ in range(260):
        parts = rng.choices(WORDS + ODD, k=rng.randint(1, 12))
        made.append(rng.choice(["", " ", "  "]).join(parts) + rng.choice(["", "."]))
    return [text for text in made if not text.rstrip().endswith("</s>")] + ["word " * 300]


def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def message(*fields):
    out = b""
    for number, value in fields:
        if isinstance(value, bytes):
            out += varint(number << 3 | 2) + varint(len(value)) + value
        elif isinstance(value, float):
            out += varint(number << 3 | 5) + struct.pack("<f", value)
        else:
            out += varint(number << 3) + varint(value & (1 << 64) - 1)
    return out


def chars_map(pairs):
    """A normaliser's table: a double array (darts-clone) over the keys' bytes, and the texts that stand for them."""
    trie, texts = {}, b""
    for key, value in sorted(pairs.items()):
        node = trie
        for byte in key.encode():
            node = node.setdefault(byte, {})
        node[0] = len(texts)
        texts += value.encode() + b"\0"
    units, used = {0: 0}, {0}

    def place(node, at, label):
        base = 1
        while any(base ^ byte in used for byte in node):
            base += 1
        used.update(base ^ byte for byte in node)
        units[at] = label | (1 << 8 if 0 in node else 0) | (at ^ base) << 10
        for byte, child in node.items():
            if byte == 0:
                units[base] = child | 1 << 31
        for byte, child in node.items():
            if byte != 0:
                place(child, base ^ byte, byte)

    place(trie, 0, 0)
    size = (max(units) // 256 + 1) * 256
    array = struct.pack(f"<{size}I", *(units.get(i, 0) for i in range(size)))
    return struct.pack("<I", len(array)) + array + texts


def normalisation():
    pairs = {c: " " for c in "\n\r\t\u00a0\u3000\u200b\ufeff\u2581\ufffd"} | {c: "" for c in "\x01\x02\x7f"}
    for code in [*range(0xA1, 0x180), *range(0x2000, 0x2200), *range(0xFB00, 0xFB07), *range(0xFF01, 0xFF5F)]:
        normal = unicodedata.normalize("NFKC", chr(code))
        if normal != chr(code):
            pairs.setdefault(chr(code), normal)
    return pairs | {unicodedata.normalize("NFD", c): c for c in "éèüöäïñ"}


def corpus(rng):
    return [" ".join(rng.choices(WORDS, k=9)) for _ in range(400)]


def unigram(rng):
    """Trained pieces with scores as SentencePiece stores them, in fp32."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.train_from_iterator(corpus(rng), trainers.UnigramTrainer(vocab_size=180, special_tokens=[], show_progress=False))
    single = lambda value: struct.unpack("<f", struct.pack("<f", value))[0]
    return [(piece, single(score)) for piece, score in json.loads(tokenizer.to_str())["model"]["vocab"] if piece not in ("<pad>", "</s>", "<unk>")]


NORMAL, UNKNOWN, CONTROL, USER = 1, 2, 3, 4


def t5(folder, rng, extra, config, symbols=(), mapped=True):
    pieces = [("<pad>", 0.0, CONTROL), ("</s>", 0.0, CONTROL), ("<unk>", 0.0, UNKNOWN)]
    pieces += [(symbol, 0.0, USER) for symbol in symbols] + [(piece, score, NORMAL) for piece, score in unigram(rng)]
    table = chars_map(normalisation()) if mapped else b""
    trainer = message((1, b"made.txt"), (3, 1), (10, 1.0), (40, 2), (41, -1), (42, 1), (43, 0), (45, b"<unk>"))
    file = message(
        *((1, message((1, piece.encode()), (2, score), *([(3, kind)] if kind != NORMAL else []))) for piece, score, kind in pieces),
        (2, trainer),
        (3, message((1, b"made"), *([(2, table)] if mapped else []), (3, 1))),
    )
    (folder / "spiece.model").write_bytes(file)
    if config is not None:
        (folder / "tokenizer_config.json").write_text(json.dumps(config))
    sentinels = [(f"<extra_id_{i}>", 0.0) for i in range(extra - 1, -1, -1)]
    # What transformers makes of the file: the extractor's tokens, and T5Converter's sentinels behind the pieces.
    added = [AddedToken(piece, normalized=False, special=kind == CONTROL) for piece, _, kind in pieces if kind in (CONTROL, USER)]
    more = {key: value for key, value in (config or {}).items() if key.endswith("_token")}
    return T5Tokenizer(
        vocab=[(piece, score) for piece, score, _ in pieces] + sentinels,
        _spm_precompiled_charsmap=table or None,
        extra_ids=extra,
        additional_special_tokens=added,
        **more,
    )


def byte_level(folder, rng, first, last=()):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(corpus(rng), trainers.BpeTrainer(vocab_size=420, special_tokens=list(first), initial_alphabet=alphabet, show_progress=False))
    model = json.loads(tokenizer.to_str())["model"]
    vocab = model["vocab"] | {token: len(model["vocab"]) + i for i, token in enumerate(last)}
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(" ".join(merge) + "\n" for merge in model["merges"]))
    return len(vocab)


def roberta(folder, rng, **config):
    size = byte_level(folder, rng, ["<pad>", "<s>", "</s>", "<unk>", "<mask>"])
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "RobertaTokenizer", **config}))
    return size


def roberta_old(folder, rng):
    """As CodeT5 is published: sentinels in added_tokens.json, flags in special_tokens_map.json."""
    size = roberta(folder, rng, bos_token="<s>", eos_token="</s>", add_prefix_space=False)
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": True}
    special = {f"{use}_token": {"content": text, **flags} for use, text in {"bos": "<s>", "eos": "</s>", "unk": "<unk>", "sep": "</s>", "pad": "<pad>", "cls": "<s>"}.items()}
    special["mask_token"] = {"content": "<mask>", **flags, "lstrip": True}
    (folder / "special_tokens_map.json").write_text(json.dumps(special))
    (folder / "added_tokens.json").write_text(json.dumps({f"<extra_id_{i}>": size + 9 - i for i in range(10)}))


def roberta_new(folder, rng):
    flags = {"single_word": False, "rstrip": False}
    roberta(folder, rng, add_prefix_space=True, added_tokens_decoder={
        **{str(i): {"content": text, **flags, "lstrip": False, "normalized": True, "special": True} for i, text in enumerate(["<pad>", "<s>", "</s>", "<unk>"])},
        "4": {"content": "<mask>", **flags, "lstrip": True, "normalized": False, "special": True},
    })


def gpt2(folder, rng, kind, **config):
    size = byte_level(folder, rng, [], ["<|endoftext|>"])
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": kind, **config}))
    return size


def codegen(folder, rng):
    """Runs of white space are tokens of CodeGen's added_tokens.json."""
    size = gpt2(folder, rng, "CodeGenTokenizer", add_prefix_space=False)
    runs = [" " * n for n in range(6, 1, -1)] + ["\t" * n for n in range(3, 1, -1)]
    (folder / "added_tokens.json").write_text(json.dumps({run: size + i for i, run in enumerate(runs)}))
    (folder / "special_tokens_map.json").write_text(json.dumps({f"{use}_token": "<|endoftext|>" for use in ("bos", "eos", "unk")}))


def byt5(folder, **config):
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "ByT5Tokenizer", **config}))


NAMED = {"eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>", "tokenizer_class": "T5Tokenizer"}
LISTED = [f"<extra_id_{i}>" for i in range(12)]
CLASSES = {"roberta": RobertaTokenizer, "gpt2": GPT2Tokenizer, "codegen": CodeGenTokenizer, "byt5": ByT5Tokenizer}
ALL = {
    "t5": lambda folder, rng: t5(folder, rng, 100, None),
    "t5-listed": lambda folder, rng: t5(folder, rng, 12, {**NAMED, "extra_ids": 12, "additional_special_tokens": LISTED}),
    "t5-mt5": lambda folder, rng: t5(folder, rng, 0, {**NAMED, "extra_ids": 0, "additional_special_tokens": None}, ["[CUSTOM]", "▁<extra_id_0>", "<sep>"]),
    "t5-unmapped": lambda folder, rng: t5(folder, rng, 100, NAMED, mapped=False),
    "roberta": lambda folder, rng: roberta(folder, rng),
    "roberta-old": roberta_old,
    "roberta-new": roberta_new,
    "gpt2": lambda folder, rng: gpt2(folder, rng, "GPT2Tokenizer"),
    "gpt2-prefix": lambda folder, rng: gpt2(folder, rng, "GPT2Tokenizer", add_prefix_space=True, pad_token="<pad>"),
    "codegen": codegen,
    "byt5": lambda folder, rng: byt5(folder, extra_ids=125, eos_token="</s>", pad_token="<pad>", unk_token="<unk>"),
    "byt5-few": lambda folder, rng: byt5(folder, extra_ids=5, additional_special_tokens=[f"<extra_id_{i}>" for i in range(5)]),
}


def expected(tokenizer, rng):
    cases = []
    for text in texts(rng):
        ids = tokenizer(text)["input_ids"]
        cases.append({
            "text": text,
            "ids": ids,
            "bare": tokenizer(text, add_special_tokens=False)["input_ids"],
            "decoded": tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False),
        })
    return {"size": len(tokenizer), "eos": tokenizer.eos_token_id, "cases": cases}


if __name__ == "__main__":
    seed, out = int(sys.argv[1]), pathlib.Path(sys.argv[2])
    for name, make in ALL.items():
        rng = random.Random(f"{seed} {name}")
        folder = out / name
        folder.mkdir(parents=True)
        tokenizer = make(folder, rng)
        if not isinstance(tokenizer, T5Tokenizer):
            tokenizer = CLASSES[name.split("-")[0]].from_pretrained(folder)
        (folder / "expected.json").write_text(json.dumps(expected(tokenizer, rng)))
