"""Writes tokenizers as the metadata of GGUF files, the way llama.cpp's converter does, and what they make of texts:

    gguf_tokenizers.py TEXTS GOLDENS SMOLLM2 OUT

TEXTS is a JSON list, GOLDENS a folder of small published tokenizers (or one that is not there), SMOLLM2 a model folder. OUT gets a folder for each
tokenizer: model.gguf (no tensors) and expected.json, with the ids of each text, with and without special tokens, and the decoded text.
Pre-tokenizers that no tokenizer at hand has are those of the published tokenizer.json files; the vocabularies are trained here on the texts."""
import base64, json, pathlib, re, sys

import gguf
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers.integrations.gguf import gguf_tokenizer_mapping as known
from transformers.tokenization_utils_base import generate_merges

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)
SIZE = 3000
SPACE = "\u2581"


def looks_special(text):
    return text in ("<pad>", "<mask>") or (text.startswith("<|") and text.endswith("|>"))


def write(folder, architecture, facts):
    writer = gguf.GGUFWriter(folder / "model.gguf", architecture)
    for key, value in facts.items():
        key = key if key.startswith("general.") or key.startswith("tokenizer.chat") else f"tokenizer.ggml.{key}"
        if isinstance(value, bool):
            writer.add_bool(key, value)
        elif isinstance(value, int):
            writer.add_uint32(key, value)
        elif isinstance(value, str):
            writer.add_string(key, value)
        else:
            writer.add_array(key, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def expected(folder, tokenizer, texts):
    def ids(special):
        return [each.ids for each in tokenizer.encode_batch(texts, add_special_tokens=special)]

    whole = ids(True)
    decoded = [tokenizer.decode(each) for each in whole]
    (folder / "expected.json").write_text(json.dumps({"ids": whole, "bare": ids(False), "decoded": decoded}), encoding="utf-8")


def byte_level_facts(tokenizer, pre, fillers=0):
    """Tokens, kinds and merges as get_vocab_base has them."""
    added = tokenizer.get_added_tokens_decoder()
    reverse = {id: text for text, id in tokenizer.get_vocab().items()}
    tokens, types = [], []
    for id in range(max(reverse) + 1 + fillers):
        text = reverse.get(id)
        if text is None:
            tokens.append(f"[PAD{id}]")
            types.append(UNUSED)
        elif id in added:
            special = added[id].special or looks_special(text)
            tokens.append(text if special else text.replace(SPACE, " "))
            types.append(CONTROL if special else USER_DEFINED)
        else:
            tokens.append(text)
            types.append(NORMAL)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return {"model": "gpt2", "pre": pre, "tokens": tokens, "token_type": types, "merges": [" ".join(each) for each in merges]}


def isolated(expression):
    return pre_tokenizers.Split(Regex(expression), "isolated")


def pieces(*parts):
    return pre_tokenizers.Sequence([*parts, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def digits():
    return pre_tokenizers.Sequence([pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(add_prefix_space=False)])


def begins(token, id):
    return processors.TemplateProcessing(single=f"{token} $A", pair=f"{token} $A {token} $B", special_tokens=[(token, id)])


SPLITS = known.GGUF_PRE_TOKENIZER_SPLITS
GPT2 = pre_tokenizers.ByteLevel(add_prefix_space=False)
CODER = [isolated(each) for each in ("[\r\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+")]
LLAMA_CPP = [isolated(each) for each in (r"[\p{P}\$\+<=>\^~\|]+", r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)", r"\p{N}+", "[0-9][0-9][0-9]")]
CHAT = [("<|im_start|>", True), ("<|im_end|>", True), ("<tool_call>", False)]
RUNS = [(" " * n, False) for n in range(24, 1, -1)]
# name: architecture, normalizer, pre-tokenizer, added tokens, whether it begins with the first of them, merges ignored
BYTE_LEVEL = {
    "gpt-2": ("gpt2", None, GPT2, [("<|endoftext|>", True)], False, False),
    "olmo": ("gptneox", normalizers.NFC(), GPT2, [("<|endoftext|>", True), ("<|padding|>", True), *RUNS], False, False),
    "llama-bpe": ("llama", None, pieces(isolated(SPLITS["llama-bpe"])), [("<|begin_of_text|>", True), ("<|eot_id|>", True)], True, True),
    "dbrx": ("olmo2", None, pieces(isolated(SPLITS["dbrx"])), [("<|endoftext|>", True), *CHAT], False, False),
    "qwen2": ("qwen2", normalizers.NFC(), pieces(isolated(SPLITS["qwen2"])), [("<|endoftext|>", True), *CHAT], False, False),
    "smollm": ("llama", None, digits(), [("<|endoftext|>", True), *CHAT[:2]], False, False),
    "tekken": ("llama", None, pieces(isolated(SPLITS["tekken"])), [("<s>", True), ("</s>", True)], True, True),
    "gpt-4o": ("phi3", None, pieces(isolated(SPLITS["gpt-4o"])), [("<|endoftext|>", True), ("<|user|>", True), ("<|end|>", True)], False, False),
    "deepseek-coder": ("llama", None, pieces(*CODER, pre_tokenizers.Digits(True)), [("<s>", True), ("</s>", True)], True, False),
    "default": ("llama", None, pieces(*LLAMA_CPP), [("<|endoftext|>", True)], False, False),
}


def trained(texts, normalizer, cuts, added, first, ignores):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignores))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = cuts
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=SIZE, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    for text, special in added:
        tokenizer.add_tokens([AddedToken(text, special=special, normalized=False)])
    if first:
        tokenizer.post_processor = begins(added[0][0], tokenizer.token_to_id(added[0][0]))
    return tokenizer


def byte_level_cases(texts):
    for pre, (architecture, normalizer, cuts, added, first, ignores) in BYTE_LEVEL.items():
        tokenizer = trained(texts, normalizer, cuts, added, first, ignores)
        eos = tokenizer.token_to_id(added[1 if first else 0][0])
        facts = byte_level_facts(tokenizer, pre, fillers=13) | {"eos_token_id": eos, "add_bos_token": first}
        if first:
            facts["bos_token_id"] = tokenizer.token_to_id(added[0][0])
        yield f"trained-{pre}", architecture, facts, tokenizer


BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def sentencepiece_vocabulary(texts, size=SIZE, heads=("<unk>", "<s>", "</s>"), own=()):
    """A vocabulary as SentencePiece trains it: control tokens, the user's own, bytes, joined pieces by rank, characters."""
    trainer = trainers.BpeTrainer(vocab_size=size, show_progress=False, limit_alphabet=900)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=SPACE)
    # Neither marks nor lines (nor NUL, which llama.cpp cannot hold) are ordinary pieces of such a vocabulary.
    tokenizer.train_from_iterator((re.sub(r"<[^<>\n]*>|[\n\t\0]", " ", text) for text in texts), trainer)
    vocabulary = json.loads(tokenizer.to_str())["model"]["vocab"]
    by_id = sorted(vocabulary, key=vocabulary.get)
    taken = {*heads, *own, *BYTES}
    joined = [text for text in by_id if len(text) > 1 and text not in taken]
    single = [text for text in by_id if len(text) == 1 and text not in taken]
    if SPACE not in single:
        single.append(SPACE)
    tokens = [*heads, *own, *BYTES, *joined, *single]
    plain = len(heads) + len(own) + len(BYTES)
    types = [CONTROL] * len(heads) + [USER_DEFINED] * len(own) + [BYTE] * 256 + [NORMAL] * (len(joined) + len(single))
    types[tokens.index("<unk>")] = UNKNOWN
    scores = [0.0] * plain + [-float(i) for i in range(len(tokens) - plain)]
    return tokens, types, scores


def merged(tokens, scores, unknown="<unk>"):
    ids = {text: id for id, text in enumerate(tokens)}
    return Tokenizer(models.BPE(vocab=ids, merges=generate_merges(ids, scores and dict(zip(tokens, scores))), fuse_unk=True, byte_fallback=True, unk_token=unknown))


def spaced(tokenizer, prefix):
    """The normalizer and decoder of Llama 2's and Gemma's published tokenizer.json."""
    replaced = normalizers.Replace(" ", SPACE)
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend(SPACE), replaced]) if prefix else replaced
    if not prefix:
        tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    parts = [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse(), *([decoders.Strip(" ", 1, 0)] if prefix else [])]
    tokenizer.decoder = decoders.Sequence(parts)


def llama_cases(texts):
    tokens, types, scores = sentencepiece_vocabulary(texts)
    for name, stored in (("llama", scores), ("llama-same-scores", [-1000.0] * len(tokens))):
        tokenizer = merged(tokens, scores)
        spaced(tokenizer, True)
        tokenizer.add_tokens([AddedToken(text, special=True, normalized=False) for text in tokens[:3]])
        tokenizer.post_processor = begins("<s>", 1)
        yield name, "llama", {"model": "llama", "tokens": tokens, "token_type": types, "scores": stored, "bos_token_id": 1, "eos_token_id": 2}, tokenizer

    marks = ["<|endoftext|>", "<|assistant|>", "<|user|>", "<|end|>"]
    tokens = [*tokens, *marks]
    types = [*types, *[CONTROL] * len(marks)]
    scores = [*scores, *[-1000.0] * len(marks)]
    tokenizer = merged(tokens, scores)
    spaced(tokenizer, True)
    plain = ("<unk>", "<s>", "<|endoftext|>")
    tokenizer.add_tokens([AddedToken(text, special=True, normalized=False, rstrip=text not in plain) for text in [*tokens[:3], *marks]])
    facts = {"model": "llama", "tokens": tokens, "token_type": types, "scores": scores, "bos_token_id": 1, "eos_token_id": tokens.index("<|endoftext|>")}
    yield "phi3", "phi3", facts | {"add_bos_token": False}, tokenizer


def gemma_case(texts):
    heads = ("<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>")
    lines = ["\n" * n for n in range(2, 32)]
    tabs = ["\t\t", "\t\t\t"]
    runs = [SPACE * n for n in range(2, 32)]
    own = [*lines, *runs, *tabs, "<table>", "</table>"]
    tokens, types, scores = sentencepiece_vocabulary(texts, heads=heads, own=own)
    tokens.append("\n")
    types.append(NORMAL)
    scores.append(scores[-1] - 1)
    # The published file's merges are in the order of the tokens, those of runs first.
    tokenizer = merged(tokens, [-float(id) for id in range(len(tokens))])
    spaced(tokenizer, False)
    tokenizer.add_tokens([AddedToken(text, special=text in heads, normalized=False) for text in [*heads, *own]])
    tokenizer.post_processor = begins("<bos>", 2)
    # The converter writes these with spaces, and a score of its own.
    spelled = [" " * len(text) if text in runs else text for text in tokens]
    stored = [-1000.0 if kind in (CONTROL, USER_DEFINED) else score for kind, score in zip(types, scores)]
    facts = {"model": "llama", "tokens": spelled, "token_type": types, "scores": stored, "bos_token_id": 2, "eos_token_id": 1, "padding_token_id": 0}
    yield "gemma", "gemma2", facts | {"unknown_token_id": 3, "add_space_prefix": False, "add_bos_token": True}, tokenizer


def golden_cases(goldens, smollm2):
    def opened(folder):
        return Tokenizer.from_file(str(folder / "tokenizer.json"))

    tokenizer = opened(smollm2)
    yield "smollm2", "llama", byte_level_facts(tokenizer, "smollm") | {"eos_token_id": 2, "bos_token_id": 1}, tokenizer
    if not goldens.exists():
        return
    tokenizer = opened(goldens / "gpt2")
    end = tokenizer.token_to_id("<|endoftext|>")
    yield "golden-gpt2", "gpt2", byte_level_facts(tokenizer, "gpt-2") | {"eos_token_id": end, "bos_token_id": end}, tokenizer
    tokenizer = opened(goldens / "llama3")
    facts = {"bos_token_id": tokenizer.token_to_id("<|begin_of_text|>"), "eos_token_id": tokenizer.token_to_id("<|end_of_text|>")}
    yield "golden-llama3", "llama", byte_level_facts(tokenizer, "llama-bpe", fillers=5) | facts, tokenizer

    tokenizer = opened(goldens / "llama2")
    model = json.loads(tokenizer.to_str())["model"]
    ranks = {}
    for rank, (left, right) in enumerate(model["merges"]):
        ranks.setdefault(left + right, rank)
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    types = [CONTROL if text in ("<unk>", "<s>", "</s>") else BYTE if text in BYTES else NORMAL for text in tokens]
    scores = [-float(ranks.get(text, 100000)) for text in tokens]
    yield "golden-llama2", "llama", {"model": "llama", "tokens": tokens, "token_type": types, "scores": scores, "bos_token_id": 1, "eos_token_id": 2}, tokenizer

    tokenizer = opened(goldens / "t5")
    whole = json.loads(tokenizer.to_str())
    vocabulary = whole["model"]["vocab"]
    tokens = [text for text, _ in vocabulary]
    sentinels = {id for id, text in enumerate(tokens) if "<extra_id_" in text}
    # spiece.model has no sentinels; the embedding has more rows than there are tokens.
    stored = [f"[PAD{id}]" if id in sentinels else text for id, text in enumerate(tokens)] + [f"[PAD{id}]" for id in range(len(tokens), len(tokens) + 28)]
    types = [UNUSED if text.startswith("[PAD") else NORMAL for text in stored]
    types[0] = types[1] = CONTROL
    types[2] = UNKNOWN
    scores = [score for _, score in vocabulary] + [-10000.0] * 28
    charsmap = base64.b64decode(whole["normalizer"]["precompiled_charsmap"])
    facts = {"model": "t5", "pre": "default", "tokens": stored, "token_type": types, "scores": scores, "precompiled_charsmap": charsmap}
    facts |= {"add_space_prefix": True, "remove_extra_whitespaces": True, "add_bos_token": False, "add_eos_token": True}
    yield "golden-t5", "t5", facts | {"eos_token_id": 1, "unknown_token_id": 2, "padding_token_id": 0}, tokenizer


def main(texts, goldens, smollm2, out):
    texts = json.loads(pathlib.Path(texts).read_text(encoding="utf-8"))
    out = pathlib.Path(out)
    for cases in (byte_level_cases(texts), llama_cases(texts), gemma_case(texts), golden_cases(pathlib.Path(goldens), pathlib.Path(smollm2))):
        for name, architecture, facts, tokenizer in cases:
            folder = out / name
            folder.mkdir(parents=True)
            write(folder, architecture, facts)
            expected(folder, tokenizer, texts)


main(*sys.argv[1:])
