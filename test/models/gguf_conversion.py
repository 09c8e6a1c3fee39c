"""What llama.cpp's convert_hf_to_gguf.py says of a model and how it changes its tensors, and the way back."""
import math
import gguf
import numpy as np
import torch

ARCHITECTURES = {"gemma3_text": "gemma3", "gpt_neox": "gptneox", "mistral": "llama", "mt5": "t5", "umt5": "t5"}
NEIGHBOURS = ("llama", "smollm3")


def neighbours(rows, heads):
    """Rows i and i + d / 2 of each head side by side."""
    return rows.unflatten(0, (heads, 2, -1)).transpose(1, 2).flatten(0, 2)


def halves(rows, heads):
    return rows.unflatten(0, (heads, -1, 2)).transpose(1, 2).flatten(0, 2)


def parts_together(rows, heads):
    """All queries, then all keys, then all values."""
    return rows.unflatten(0, (heads, 3, -1)).transpose(0, 1).flatten(0, 2)


def heads_together(rows, heads):
    return rows.unflatten(0, (3, heads, -1)).transpose(0, 1).flatten(0, 2)


class Conversion:
    def __init__(self, made, config, state):
        self.made, self.config, self.state = made, config, state
        self.architecture = ARCHITECTURES.get(config["model_type"], config["model_type"])
        kind = next(key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == self.architecture)
        self.layers = max(config[key] for key in ("num_hidden_layers", "n_layer", "num_layers", "num_decoder_layers") if key in config)
        self.names = gguf.get_tensor_name_map(kind, self.layers)
        rope = config.get("rope_parameters") or {}
        self.local = rope.get("sliding_attention")
        self.rope = rope.get("full_attention", rope)

    def change(self, name):
        """The change of a tensor of the folder, and the way back."""
        heads = self.config.get("num_attention_heads")
        if self.architecture in NEIGHBOURS and ".q_proj." in name:
            return lambda t: neighbours(t, heads), lambda t: halves(t, heads)
        if self.architecture in NEIGHBOURS and ".k_proj." in name:
            own = self.config["num_key_value_heads"]
            return lambda t: neighbours(t, own), lambda t: halves(t, own)
        if self.architecture == "gptneox" and ".query_key_value." in name:
            return lambda t: parts_together(t, heads), lambda t: heads_together(t, heads)
        if self.architecture.startswith("gemma") and name.endswith("norm.weight"):
            return lambda t: t + 1, lambda t: t - 1
        if self.architecture == "gpt2" and name.endswith((".c_attn.weight", ".c_proj.weight", ".c_fc.weight")):
            return lambda t: t.T, lambda t: t.T
        return lambda t: t, lambda t: t

    def named(self):
        """(name in the file, name in the folder)"""
        for name in self.state:
            found = self.names.get_name(name, try_suffixes=(".weight", ".bias"))
            assert found is not None, name
            yield found, name

    def tensors(self):
        made = {stored: self.change(name)[0](self.state[name]).contiguous() for stored, name in self.named()}
        return made | self.rope_tensors()

    def undone(self, held):
        return {name: self.change(name)[1](held[stored]).contiguous() for stored, name in self.named()}

    @property
    def head_width(self):
        return self.config.get("head_dim") or self.config["hidden_size"] // self.config["num_attention_heads"]

    def rope_tensors(self):
        kind = self.rope.get("rope_type")
        if kind == "longrope":
            return {f"rope_factors_{name}.weight": torch.tensor(self.rope[f"{name}_factor"]) for name in ("long", "short")}
        if kind != "llama3":
            return {}
        factor, low, high, original = (self.rope[key] for key in ("factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"))
        factors = []
        for frequency in 1.0 / self.rope["rope_theta"] ** (torch.arange(0, self.head_width, 2, dtype=torch.float32) / self.head_width):
            turn = 2 * math.pi / frequency
            smooth = (original / turn - low) / (high - low)
            between = 1 / ((1 - smooth) / factor + smooth)
            factors.append(1.0 if turn < original / high else factor if turn > original / low else between)
        return {"rope_freqs.weight": torch.tensor(factors, dtype=torch.float32)}

    def metadata(self, writer):
        writer.add_name(self.made.name)
        of = {"gpt2": self.gpt2, "gptneox": self.neox, "t5": self.t5, "phi3": self.phi}.get(self.architecture, self.llama_kind)
        of(writer, self.config)
        for key, add in (("bos", writer.add_bos_token_id), ("eos", writer.add_eos_token_id), ("pad", writer.add_pad_token_id)):
            if self.config.get(f"{key}_token_id") is not None:
                add(self.config[f"{key}_token_id"])
        for key, value in (self.made.more or {}).items():
            writer.add_array(key, value) if isinstance(value, list) else writer.add_uint32(key, value)

    def sizes(self, writer, config):
        writer.add_block_count(config["num_hidden_layers"])
        writer.add_context_length(config["max_position_embeddings"])
        writer.add_embedding_length(config["hidden_size"])
        writer.add_feed_forward_length(config["intermediate_size"])
        writer.add_head_count(config["num_attention_heads"])

    def scaling(self, writer):
        kinds = {"linear": gguf.RopeScalingType.LINEAR, "yarn": gguf.RopeScalingType.YARN}
        kind = kinds.get(self.rope["rope_type"])
        if kind is None:
            return
        writer.add_rope_scaling_type(kind)
        writer.add_rope_scaling_factor(self.rope["factor"])
        for key, add in {
            "original_max_position_embeddings": writer.add_rope_scaling_orig_ctx_len,
            "attention_factor": writer.add_rope_scaling_yarn_attn_factor,
            "beta_fast": writer.add_rope_scaling_yarn_beta_fast,
            "beta_slow": writer.add_rope_scaling_yarn_beta_slow,
        }.items():
            if self.rope.get(key) is not None:
                add(self.rope[key])

    def llama_kind(self, writer, config):
        self.sizes(writer, config)
        writer.add_head_count_kv(config["num_key_value_heads"])
        writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
        writer.add_rope_freq_base(self.rope["rope_theta"])
        self.scaling(writer)
        if config.get("head_dim") is not None:
            writer.add_key_length(config["head_dim"])
            writer.add_value_length(config["head_dim"])
        if self.architecture in NEIGHBOURS:
            writer.add_vocab_size(config["vocab_size"])
            writer.add_rope_dimension_count(self.head_width)
        if self.architecture.startswith("gemma"):
            writer.add_sliding_window(config["sliding_window"])
            if config.get("attn_logit_softcapping") is not None:
                writer.add_attn_logit_softcapping(config["attn_logit_softcapping"])
            if config.get("final_logit_softcapping") is not None:
                writer.add_final_logit_softcapping(config["final_logit_softcapping"])
        if self.local is not None:
            writer.add_rope_freq_base_swa(self.local["rope_theta"])

    def phi(self, writer, config):
        self.sizes(writer, config)
        original = config["original_max_position_embeddings"]
        writer.add_rope_scaling_orig_ctx_len(original)
        writer.add_head_count_kv(config["num_key_value_heads"])
        writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
        part = self.rope.get("partial_rotary_factor") or 1.0
        writer.add_rope_dimension_count(int(part * config["hidden_size"]) // config["num_attention_heads"])
        writer.add_rope_freq_base(self.rope["rope_theta"])
        writer.add_sliding_window(config["sliding_window"] or 0)
        if self.rope["rope_type"] == "longrope":
            by = config["max_position_embeddings"] / original
            writer.add_rope_scaling_attn_factors(math.sqrt(1 + math.log(by) / math.log(original)))

    def gpt2(self, writer, config):
        writer.add_block_count(config["n_layer"])
        writer.add_context_length(config["n_positions"])
        writer.add_embedding_length(config["n_embd"])
        writer.add_feed_forward_length(4 * config["n_embd"])
        writer.add_head_count(config["n_head"])
        writer.add_layer_norm_eps(config["layer_norm_epsilon"])

    def neox(self, writer, config):
        self.sizes(writer, config)
        writer.add_rope_dimension_count(int(self.rope["partial_rotary_factor"] * self.head_width))
        writer.add_parallel_residual(config["use_parallel_residual"])
        writer.add_layer_norm_eps(config["layer_norm_eps"])

    def t5(self, writer, config):
        writer.add_context_length(512)
        writer.add_embedding_length(config["d_model"])
        writer.add_feed_forward_length(config["d_ff"])
        writer.add_block_count(config["num_layers"])
        writer.add_decoder_block_count(config["num_decoder_layers"])
        writer.add_head_count(config["num_heads"])
        writer.add_key_length(config["d_kv"])
        writer.add_value_length(config["d_kv"])
        writer.add_layer_norm_eps(config["layer_norm_epsilon"])
        writer.add_layer_norm_rms_eps(config["layer_norm_epsilon"])
        writer.add_relative_attn_buckets_count(config["relative_attention_num_buckets"])
        writer.add_decoder_start_token_id(config["decoder_start_token_id"])
