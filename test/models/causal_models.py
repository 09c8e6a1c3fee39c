"""The small random decoder-only models that transformers makes for the tests: every family, every layout in which such models are published.

Each has `mistakes`: one rule of its architecture left out or changed. References say by how much logits then move, so that a test knows that it would
see the mistake."""
import math
from dataclasses import dataclass, field
from typing import Callable
import torch
import transformers as hf

VOCABULARY = 97
# Longer than the windows and the original lengths below, and shorter than each model's table of positions.
LONGEST = 160
WINDOW = 7
ORIGINAL = 40


@dataclass
class Made:
    name: str
    config: hf.PreTrainedConfig
    # Changes of config.json's keys, or a function that changes the model; each is one mistake.
    mistakes: dict[str, dict | Callable] = field(default_factory=dict)
    dtype: torch.dtype = torch.float32
    shard: str = "1GB"
    # Takes and gives the file's tensors by name.
    renamed: Callable | None = None
    # config.json as versions before 5 wrote it: keys that are set, and keys that are deleted (None).
    classic: dict | None = None


def sizes(**more):
    return dict(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=44,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=LONGEST,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        **more,
    )


def rope(kind="default", theta=1000.0, **more):
    return {"rope_type": kind, "rope_theta": theta, **more}


def without(*modules):
    """A mistake: modules of these names give back what they are given."""

    def change(model):
        for parent in list(model.modules()):
            for name in modules:
                if hasattr(parent, name):
                    setattr(parent, name, torch.nn.Identity())

    return change


def no_biases(*modules):
    def change(model):
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if name.endswith(".bias") and any(f".{module}." in name for module in modules):
                    parameter.zero_()

    return change


def norms_are_not_one_plus(model):
    """A mistake of Gemma: the norm multiplies by w."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.sub_(1)


def raw_embedding(model):
    """A mistake of Gemma: the embedding is not multiplied by the root of the width."""
    model.get_input_embeddings().embed_scale.fill_(1.0)


def attention_factor(value):
    def change(model):
        model.model.rotary_emb.attention_scaling = value

    return change


LLAMA3 = rope("llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=ORIGINAL)
YARN = rope("yarn", factor=4.0, original_max_position_embeddings=ORIGINAL)
DEFAULT = {"rope_parameters": rope()}
PHI_SHORT = [1.0, 1.1, 1.3, 1.6, 2.0, 2.5]
PHI_LONG = [1.0, 1.7, 3.0, 5.0, 8.0, 13.0]


def longrope(**more):
    return rope("longrope", short_factor=PHI_SHORT, long_factor=PHI_LONG, original_max_position_embeddings=ORIGINAL, partial_rotary_factor=0.75, **more)


def llamas():
    yield Made("llama", hf.LlamaConfig(**sizes(tie_word_embeddings=True, rope_parameters=rope())), {"other theta": {"rope_parameters": rope(theta=10000.0)}})
    yield Made("llama-sharded-bf16", hf.LlamaConfig(**sizes(tie_word_embeddings=False, rope_parameters=rope())), dtype=torch.bfloat16, shard="15KB")
    yield Made("llama-linear", hf.LlamaConfig(**sizes(head_dim=10, rope_parameters=rope("linear", factor=2.5))), {"scaling left out": DEFAULT})
    yield Made("llama-llama3", hf.LlamaConfig(**sizes(rope_parameters=LLAMA3)), {"scaling left out": DEFAULT})
    yield Made(
        "llama-yarn",
        hf.LlamaConfig(**sizes(rope_parameters=YARN)),
        {"scaling left out": DEFAULT, "attention factor left out": attention_factor(1.0)},
        dtype=torch.float16,
    )
    yield Made(
        "llama-yarn-factors",
        hf.LlamaConfig(**sizes(rope_parameters={**YARN, "beta_fast": 8.0, "beta_slow": 2.0, "truncate": False, "mscale": 0.8, "mscale_all_dim": 0.5})),
        {"usual factors": {"rope_parameters": YARN}},
    )
    yield Made(
        "llama-dynamic",
        hf.LlamaConfig(**{**sizes(rope_parameters=rope("dynamic", factor=3.0)), "max_position_embeddings": ORIGINAL}),
        {"scaling left out": DEFAULT},
    )
    yield Made(
        "llama-bias",
        hf.LlamaConfig(**sizes(attention_bias=True, mlp_bias=True, rope_parameters=rope())),
        {"biases left out": no_biases("self_attn", "mlp"), "output's bias left out": no_biases("o_proj")},
    )
    yield Made(
        "llama-classic",
        hf.LlamaConfig(**sizes(rope_parameters=LLAMA3)),
        {"scaling left out": DEFAULT},
        classic={
            "rope_parameters": None,
            "rope_theta": LLAMA3["rope_theta"],
            "rope_scaling": {key: value for key, value in LLAMA3.items() if key != "rope_theta"},
        },
    )


def mistrals_and_qwens():
    yield Made("mistral", hf.MistralConfig(**sizes(sliding_window=WINDOW, rope_parameters=rope())), {"window left out": {"sliding_window": None}, "window by one": {"sliding_window": WINDOW + 1}})
    yield Made("mistral-open", hf.MistralConfig(**sizes(sliding_window=None, head_dim=12, rope_parameters=rope())))
    yield Made("qwen2", hf.Qwen2Config(**sizes(tie_word_embeddings=True, rope_parameters=rope(), sliding_window=WINDOW)), {"biases left out": no_biases("q_proj", "k_proj", "v_proj")})
    yield Made(
        "qwen2-window",
        hf.Qwen2Config(**sizes(rope_parameters=rope(), use_sliding_window=True, sliding_window=WINDOW, max_window_layers=1)),
        {"window left out": {"use_sliding_window": False, "layer_types": ["full_attention"] * 3}, "window everywhere": {"layer_types": ["sliding_attention"] * 3}},
    )
    yield Made("qwen3", hf.Qwen3Config(**sizes(head_dim=12, rope_parameters=rope())), {"norms of q and k left out": without("q_norm", "k_norm")}, shard="15KB")
    yield Made(
        "smollm3",
        hf.SmolLM3Config(**sizes(no_rope_layers=[1, 0, 1], rope_parameters=rope())),
        {"every layer rotates": {"no_rope_layers": [1, 1, 1]}, "flags read the other way": {"no_rope_layers": [0, 1, 0]}},
    )


def gemmas():
    gemma2 = sizes(head_dim=10, sliding_window=WINDOW, query_pre_attn_scalar=17, attn_logit_softcapping=3.0, final_logit_softcapping=5.0, rope_parameters=rope())
    yield Made(
        "gemma2",
        hf.Gemma2Config(**gemma2),
        {
            "window left out": {"sliding_window": 1000},
            "layers swapped": {"layer_types": ["full_attention", "sliding_attention", "full_attention"]},
            "scores not capped": {"attn_logit_softcapping": None},
            "logits not capped": {"final_logit_softcapping": None},
            "usual scale of scores": {"query_pre_attn_scalar": 10},
            "norms multiply by w": norms_are_not_one_plus,
            "embedding not scaled": raw_embedding,
        },
    )
    local, everywhere = rope(theta=50.0), rope("linear", theta=2000.0, factor=2.0)
    types = ["sliding_attention", "sliding_attention", "full_attention", "sliding_attention"]
    gemma3 = dict(sizes(head_dim=10, sliding_window=WINDOW, query_pre_attn_scalar=17), num_hidden_layers=4)
    ropes = lambda sliding, full: {"rope_parameters": {"sliding_attention": sliding, "full_attention": full}}
    mistakes = {
        "window left out": {"sliding_window": 1000},
        "window by one": {"sliding_window": WINDOW + 1},
        "every layer has the window": {"layer_types": ["sliding_attention"] * 4},
        "thetas swapped": ropes(rope(theta=2000.0), rope("linear", theta=50.0, factor=2.0)),
        "one theta": ropes(rope(theta=2000.0), everywhere),
        "scaling left out": ropes(local, rope(theta=2000.0)),
        "scaling in every layer": ropes(rope("linear", theta=50.0, factor=2.0), everywhere),
        "usual scale of scores": {"query_pre_attn_scalar": 10},
        "norms of q and k left out": without("q_norm", "k_norm"),
        "norms after left out": without("post_attention_layernorm", "post_feedforward_layernorm"),
        "norms multiply by w": norms_are_not_one_plus,
        "embedding not scaled": raw_embedding,
    }
    yield Made("gemma3", hf.Gemma3TextConfig(**gemma3, layer_types=types, **ropes(local, everywhere)), mistakes, dtype=torch.bfloat16)
    yield Made(
        "gemma3-classic",
        hf.Gemma3TextConfig(**gemma3, layer_types=types, **ropes(local, everywhere)),
        mistakes,
        classic={
            "layer_types": None,
            "_sliding_window_pattern": None,
            "sliding_window_pattern": 3,
            "rope_parameters": None,
            "rope_theta": 2000.0,
            "rope_local_base_freq": 50.0,
            "rope_scaling": {"rope_type": "linear", "factor": 2.0},
        },
    )
    yield Made("gemma3-plain", hf.Gemma3TextConfig(**gemma3, final_logit_softcapping=4.0, layer_types=types, **ropes(local, rope(theta=2000.0))), {"logits not capped": {"final_logit_softcapping": None}})
    vision = dict(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=16, patch_size=8)
    text = hf.Gemma3TextConfig(**gemma3, layer_types=types, **ropes(local, everywhere))
    yield Made("gemma3-images", hf.Gemma3Config(text_config=text.to_dict(), vision_config=vision, mm_tokens_per_image=4, eos_token_id=2))


def phis():
    phi = dict(sizes(), hidden_size=48, num_attention_heads=3, num_key_value_heads=1)
    usual = math.sqrt(1 + math.log(LONGEST / ORIGINAL) / math.log(ORIGINAL))
    mistakes = {
        "short factors for long texts": {"rope_parameters": {**longrope(), "long_factor": PHI_SHORT}},
        "factors left out": {"rope_parameters": rope(partial_rotary_factor=0.75)},
        "attention factor left out": attention_factor(1.0),
        "whole head rotates": {"rope_parameters": {**longrope(), "partial_rotary_factor": 1.0, "short_factor": PHI_SHORT + [3.0, 3.0], "long_factor": PHI_LONG + [16.0, 16.0]}},
    }
    yield Made("phi3-longrope", hf.Phi3Config(**phi, original_max_position_embeddings=ORIGINAL, rope_parameters=longrope()), mistakes, dtype=torch.bfloat16, shard="30KB")
    yield Made(
        "phi3-classic",
        hf.Phi3Config(**phi, original_max_position_embeddings=ORIGINAL, rope_parameters=longrope()),
        {**mistakes, "other attention factor": attention_factor(usual * 1.05)},
        classic={
            "rope_parameters": None,
            "partial_rotary_factor": 0.75,
            "rope_theta": 1000.0,
            "rope_scaling": {"type": "longrope", "short_factor": PHI_SHORT, "long_factor": PHI_LONG},
        },
    )
    yield Made(
        "phi3-window",
        hf.Phi3Config(**phi, sliding_window=WINDOW, original_max_position_embeddings=LONGEST, rope_parameters=rope()),
        {"window left out": {"sliding_window": None}},
    )


def olmos():
    yield Made(
        "olmo2",
        hf.Olmo2Config(**sizes(rope_parameters=rope())),
        {"norms of q and k left out": without("q_norm", "k_norm"), "norms after left out": without("post_attention_layernorm", "post_feedforward_layernorm")},
    )
    yield Made("olmo2-bias-fp16", hf.Olmo2Config(**sizes(attention_bias=True, tie_word_embeddings=True, rope_parameters=rope("linear", factor=2.0))), {"biases left out": no_biases("self_attn")}, dtype=torch.float16)


def as_published(tensors):
    """GPT-2's old file: no prefix, and mask buffers beside the weights."""
    found = {name.removeprefix("transformer."): tensor for name, tensor in tensors.items()}
    for layer in {name.split(".")[1] for name in found if name.startswith("h.")}:
        found[f"h.{layer}.attn.bias"] = torch.ones(1, 1, LONGEST, LONGEST).tril()
        found[f"h.{layer}.attn.masked_bias"] = torch.tensor(-1e4)
    return found


def with_buffers(tensors):
    """Pythia's and CodeGen's old files: mask buffers and rotation frequencies beside the weights."""
    found = dict(tensors)
    for name in [name for name in tensors if name.endswith(("query_key_value.weight", "qkv_proj.weight"))]:
        module = name.rsplit(".", 2)[0]
        kind = "causal_mask" if name.endswith("qkv_proj.weight") else "bias"
        found[f"{module}.{kind}"] = torch.ones(1, 1, LONGEST, LONGEST, dtype=torch.bool).tril()
        found[f"{module}.masked_bias"] = torch.tensor(-1e9)
        if kind == "bias":
            found[f"{module}.rotary_emb.inv_freq"] = torch.ones(2)
    return found


def older():
    gpt2 = dict(vocab_size=VOCABULARY, n_embd=32, n_layer=3, n_head=4, n_positions=LONGEST, bos_token_id=1, eos_token_id=2)
    yield Made("gpt2", hf.GPT2Config(**gpt2, n_inner=52), {"exact gelu": {"activation_function": "gelu"}})
    yield Made("gpt2-published", hf.GPT2Config(**gpt2), renamed=as_published)
    neox = dict(sizes(rope_parameters=rope(partial_rotary_factor=0.5)))
    del neox["num_key_value_heads"]
    yield Made("gpt-neox", hf.GPTNeoXConfig(**neox), {"block serial": {"use_parallel_residual": False}, "tanh gelu": {"hidden_act": "gelu_new"}}, renamed=with_buffers)
    yield Made("gpt-neox-serial", hf.GPTNeoXConfig(**neox, use_parallel_residual=False), {"block parallel": {"use_parallel_residual": True}}, dtype=torch.float16)
    codegen = dict(vocab_size=VOCABULARY, n_embd=32, n_layer=3, n_head=4, rotary_dim=4, n_positions=LONGEST, n_ctx=LONGEST, bos_token_id=1, eos_token_id=2)
    yield Made("codegen", hf.CodeGenConfig(**codegen), {"whole head rotates": {"rotary_dim": 8}}, renamed=with_buffers)


def all_models():
    return [*llamas(), *mistrals_and_qwens(), *gemmas(), *phis(), *olmos(), *older()]
