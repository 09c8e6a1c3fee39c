"""More of the models of causal_models.py: choices that few published models make together, and the forms in which files hold the same tensors."""
import transformers as hf
from causal_models import LONGEST, ORIGINAL, VOCABULARY, WINDOW, YARN, Made, rope, sizes

SLIDING, FULL = "sliding_attention", "full_attention"


def changed(**more):
    return {**sizes(), **more}


def inner(prefix):
    """The file of the model without its head, saved alone."""
    return lambda tensors: {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if not name.startswith("lm_head")}


def with_both(tensors):
    return {**tensors, "lm_head.weight": tensors["model.embed_tokens.weight"].clone()}


def head_alone(tensors):
    return {name.replace("model.embed_tokens", "lm_head"): tensor for name, tensor in tensors.items()}


def stored():
    tied = changed(tie_word_embeddings=True, rope_parameters=rope())
    yield Made("llama-inner", hf.LlamaConfig(**tied), renamed=inner("model."))
    yield Made("llama-both", hf.LlamaConfig(**tied), renamed=with_both)
    yield Made("llama-head-alone", hf.LlamaConfig(**tied), renamed=head_alone)
    yield Made("gpt2-inner", hf.GPT2Config(**gpt2()), renamed=inner("transformer."))


def gpt2(**more):
    return dict(vocab_size=VOCABULARY, n_embd=32, n_layer=3, n_head=2, n_positions=LONGEST, bos_token_id=1, eos_token_id=2, **more)


def llama_kind():
    factors = {"short_factor": [1.0, 1.2, 1.4, 2.0], "long_factor": [1.0, 2.0, 4.0, 8.0], "factor": 3.0}
    yield Made("llama-longrope", hf.LlamaConfig(**changed(rope_parameters=rope("longrope", original_max_position_embeddings=ORIGINAL, **factors))))
    yield Made("llama-gelu", hf.LlamaConfig(**changed(num_key_value_heads=4, head_dim=6, hidden_act="gelu_new", rope_parameters=rope())))
    yield Made("mistral-yarn", hf.MistralConfig(**changed(sliding_window=13, tie_word_embeddings=True, rope_parameters=YARN)))
    kinds = dict(use_sliding_window=True, sliding_window=WINDOW, layer_types=[SLIDING, FULL, SLIDING])
    yield Made("qwen2-kinds", hf.Qwen2Config(**changed(**kinds, hidden_act="gelu", rope_parameters=rope("linear", factor=3.0))))
    window = dict(use_sliding_window=True, sliding_window=5)
    yield Made("qwen3-bias", hf.Qwen3Config(**changed(**window, max_window_layers=2, head_dim=6, attention_bias=True, rope_parameters=YARN)))
    biases = dict(attention_bias=True, mlp_bias=True)
    yield Made(
        "smollm3-window", hf.SmolLM3Config(**changed(**window, **biases, no_rope_layer_interval=2, head_dim=10, tie_word_embeddings=False, rope_parameters=rope("linear", factor=2.0)))
    )
    half = rope(partial_rotary_factor=0.5)
    yield Made("phi3-half", hf.Phi3Config(**changed(tie_word_embeddings=True, sliding_window=9, original_max_position_embeddings=LONGEST, rope_parameters=half)))
    yield Made("olmo2-wide", hf.Olmo2Config(**changed(num_key_value_heads=4, head_dim=10, rope_parameters=YARN)))


def gemmas():
    gemma = dict(head_dim=6, attention_bias=True, sliding_window=5, query_pre_attn_scalar=5, layer_types=[FULL, SLIDING, SLIDING], tie_word_embeddings=False)
    yield Made("gemma2-open", hf.Gemma2Config(**changed(**gemma, attn_logit_softcapping=None, final_logit_softcapping=None, hidden_activation="gelu", rope_parameters=YARN)))
    ropes = {FULL: {**YARN, "rope_theta": 5000.0}, SLIDING: rope("linear", theta=70.0, factor=1.5)}
    # transformers caps no scores of a Gemma 3, whatever the key says.
    yield Made("gemma3-open", hf.Gemma3TextConfig(**changed(**gemma, attn_logit_softcapping=3.0, hidden_activation="silu", rope_parameters=ropes)))


def older():
    yield Made("gpt2-scaled", hf.GPT2Config(**gpt2(scale_attn_by_inverse_layer_idx=True, scale_attn_weights=False, activation_function="relu")))
    neox = changed(hidden_size=48)
    del neox["num_key_value_heads"]
    # A quarter of twelve dimensions is odd.
    odd = rope(partial_rotary_factor=0.25)
    yield Made("gpt-neox-odd", hf.GPTNeoXConfig(**neox, attention_bias=False, tie_word_embeddings=True, hidden_act="gelu_fast", rope_parameters=odd))
    codegen = dict(vocab_size=VOCABULARY, n_embd=64, n_layer=2, n_head=8, n_positions=LONGEST, n_ctx=LONGEST, bos_token_id=1, eos_token_id=2)
    yield Made("codegen-tied", hf.CodeGenConfig(**codegen, rotary_dim=8, n_inner=40, activation_function="gelu", tie_word_embeddings=True))


def variants():
    return [*stored(), *llama_kind(), *gemmas(), *older()]
