"""The small models of which gguf_models.py makes GGUF files: every architecture, every choice that the format can say. Widths are whole blocks."""
from dataclasses import dataclass
import transformers as hf

VOCABULARY, LONGEST, WINDOW, ORIGINAL = 96, 160, 7, 40
TOKENS = dict(pad_token_id=0, bos_token_id=1, eos_token_id=2)


@dataclass
class Made:
    name: str
    config: hf.PreTrainedConfig
    # What the converter cannot know, but other programs write: keys of the metadata.
    more: dict | None = None
    # Whether transformers does not read GGUF files of the architecture.
    unread: bool = False
    # Whether a T5's head is not its table.
    own_head: bool = False


def sizes(**more):
    return {
        **dict(vocab_size=VOCABULARY, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2),
        **dict(max_position_embeddings=LONGEST, tie_word_embeddings=False, **TOKENS),
        **more,
    }


def rope(kind="default", theta=1000.0, **more):
    return {"rope_parameters": {"rope_type": kind, "rope_theta": theta, **more}}


LLAMA3 = rope("llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=ORIGINAL)
ODD3 = rope("llama3", factor=4.0, low_freq_factor=2.0, high_freq_factor=3.0, original_max_position_embeddings=90)
YARN = rope("yarn", factor=4.0, original_max_position_embeddings=ORIGINAL)
SLOW_YARN = rope("yarn", factor=4.0, original_max_position_embeddings=ORIGINAL, attention_factor=1.25, beta_fast=8.0, beta_slow=2.0)
FACTORS = dict(short_factor=[round(1 + 0.1 * i, 1) for i in range(12)], long_factor=[round(1 + 0.9 * i, 1) for i in range(12)])


def llamas():
    yield Made("llama", hf.LlamaConfig(**sizes(tie_word_embeddings=True, rms_norm_eps=1e-5, **rope())))
    yield Made("llama-bias", hf.LlamaConfig(**sizes(attention_bias=True, mlp_bias=True, num_key_value_heads=4, **rope(theta=500000.0))))
    yield Made("llama-linear", hf.LlamaConfig(**sizes(head_dim=24, **rope("linear", factor=2.5))))
    yield Made("llama-llama3", hf.LlamaConfig(**sizes(**LLAMA3)))
    yield Made("llama-factors", hf.LlamaConfig(**sizes(**ODD3)))
    yield Made("llama-yarn", hf.LlamaConfig(**sizes(**YARN)))
    yield Made("mistral", hf.MistralConfig(**sizes(sliding_window=None, head_dim=8, **rope())), unread=True)
    yield Made("mistral-window", hf.MistralConfig(**sizes(sliding_window=WINDOW, **rope())), more={"llama.attention.sliding_window": WINDOW}, unread=True)
    yield Made("smollm3", hf.SmolLM3Config(**sizes(num_hidden_layers=5, tie_word_embeddings=True, **rope(theta=5000.0))), unread=True)


def qwens():
    yield Made("qwen2", hf.Qwen2Config(**sizes(tie_word_embeddings=True, rms_norm_eps=1e-6, **SLOW_YARN)))
    yield Made("qwen3", hf.Qwen3Config(**sizes(head_dim=32, **rope(theta=1000000.0))))
    yield Made("qwen3-bias", hf.Qwen3Config(**sizes(head_dim=8, attention_bias=True, **YARN)))


def gemmas():
    gemma = dict(sizes(head_dim=32, query_pre_attn_scalar=32, sliding_window=WINDOW), tie_word_embeddings=True)
    yield Made("gemma2", hf.Gemma2Config(**{**gemma, **rope(theta=10000.0)}, attn_logit_softcapping=3.0, final_logit_softcapping=5.0))
    ropes = dict(full_attention=dict(rope_type="linear", rope_theta=2000.0, factor=8.0), sliding_attention=dict(rope_type="default", rope_theta=50.0))
    layers = dict(num_hidden_layers=7, hidden_size=32)
    yield Made("gemma3", hf.Gemma3TextConfig(**{**gemma, **layers}, rope_parameters=ropes))
    types = ["sliding_attention", "full_attention", "sliding_attention"]
    plain = dict(full_attention=dict(rope_type="default", rope_theta=2000.0), sliding_attention=dict(rope_type="default", rope_theta=10000.0))
    more = {"gemma3.attention.sliding_window_pattern": [True, False, True]}
    yield Made("gemma3-kinds", hf.Gemma3TextConfig(**{**gemma, "num_hidden_layers": 3}, layer_types=types, final_logit_softcapping=4.0, rope_parameters=plain), more=more)


def phis():
    phi = sizes(hidden_size=96, num_attention_heads=3, num_key_value_heads=1)
    longrope = rope("longrope", original_max_position_embeddings=ORIGINAL, partial_rotary_factor=0.75, **FACTORS)
    yield Made("phi3", hf.Phi3Config(**{**phi, **longrope}, original_max_position_embeddings=ORIGINAL))
    yield Made("phi3-window", hf.Phi3Config(**{**phi, **rope()}, sliding_window=WINDOW, original_max_position_embeddings=LONGEST))


def older():
    yield Made("gpt2", hf.GPT2Config(vocab_size=VOCABULARY, n_embd=64, n_layer=2, n_head=4, n_positions=LONGEST, n_inner=96, **TOKENS))
    neox = {key: value for key, value in sizes().items() if key != "num_key_value_heads"}
    part = rope(theta=10000.0, partial_rotary_factor=0.5)
    yield Made("gptneox", hf.GPTNeoXConfig(**neox, **part), unread=True)
    yield Made("gptneox-serial", hf.GPTNeoXConfig(**neox, **rope(theta=10000.0, partial_rotary_factor=0.25), use_parallel_residual=False, attention_bias=False), unread=True)
    yield Made("olmo2", hf.Olmo2Config(**sizes(**rope(theta=500000.0))), unread=True)


def t5s():
    t5 = dict(vocab_size=VOCABULARY, d_model=64, d_kv=24, d_ff=96, num_layers=3, num_decoder_layers=2, num_heads=4)
    t5 |= dict(pad_token_id=0, eos_token_id=1, decoder_start_token_id=0, relative_attention_num_buckets=16)
    gated = dict(feed_forward_proj="gated-gelu", tie_word_embeddings=False)
    yield Made("t5", hf.T5Config(**t5))
    yield Made("t5-v11", hf.T5Config(**t5, **gated), own_head=True)
    yield Made("mt5", hf.MT5Config(**t5, **gated), own_head=True, unread=True)
    yield Made("umt5", hf.UMT5Config(**t5, feed_forward_proj="gated-gelu"))


def all_models():
    return [*llamas(), *qwens(), *gemmas(), *phis(), *older(), *t5s()]
