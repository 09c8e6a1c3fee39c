"""Makes small random models in the files that older models were published in, and the numbers that PyTorch computes with them:

    published_models.py SEED FOLDER

FOLDER/NAME has config.json, weights in PyTorch's own formats (whole, in shards, of torch before 1.6, tied, as views, in half precision) or in safetensors,
and `expected.json` with `expected.safetensors`: logits and summed losses of some rows, each alone, and greedy tokens with their margins. fp32, from the
tensors that were saved."""
import json, pathlib, sys
import torch
import transformers as hf
from safetensors.torch import save_file

VOCABULARY, NEW_TOKENS = 97, 6
ROWS = [(9, 3), (4, 5), (1, 1), (170, 2)]
T5 = dict(vocab_size=VOCABULARY, d_model=32, d_kv=6, d_ff=40, num_layers=3, num_decoder_layers=2, num_heads=4, pad_token_id=0, eos_token_id=1, decoder_start_token_id=0)
CAUSAL = dict(vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=4, n_positions=200, n_ctx=200, bos_token_id=1, eos_token_id=2)


def fill(model):
    gains = {"q": 0.6, "k": 1.0, "lm_head": 1.0, "relative_attention_bias": 1.5}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            part = name.split(".")[-2]
            noise = torch.randn(parameter.shape)
            if parameter.ndim == 1:
                parameter.copy_((0.3 * noise) if name.endswith("bias") else 1 + 0.2 * noise)
            elif part in ("shared", "embed_tokens", "wte", "wpe"):
                parameter.copy_(noise)
            elif part == "relative_attention_bias":
                parameter.copy_(gains[part] * noise)
            else:
                parameter.copy_(noise * gains.get(part, 1.0) * parameter.shape[0 if part.startswith("c_") else 1] ** -0.5)


def stored(model, dtype):
    """The parameters in this type; not what a model computes from its config, such as CodeGen's sines."""
    for parameter in model.parameters():
        parameter.data = parameter.data.to(dtype)
    return model


def untie(model):
    model.lm_head.weight = torch.nn.Parameter(torch.randn(VOCABULARY, model.config.d_model) * model.config.d_model**-0.5)


def shards(folder, state, early=False):
    names = list(state)
    cut = len(names) // 2
    files = ["pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"]
    for file, part in zip(files, (names[:cut], names[cut:])):
        torch.save({name: state[name].clone() for name in part}, folder / file, _use_new_zipfile_serialization=not early)
    index = {"metadata": {}, "weight_map": {name: files[0 if i < cut else 1] for i, name in enumerate(names)}}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))


def views(state):
    """Every matrix as a part, in another order, of a storage that several share."""
    made, matrices = {}, [name for name in state if state[name].ndim == 2]
    for i, name in enumerate(state):
        tensor = state[name]
        if name not in matrices:
            made[name] = tensor.clone()
        elif i % 3 == 0:
            made[name] = tensor.t().contiguous().t()
        elif i % 3 == 1:
            made[name] = torch.cat([torch.full((2, tensor.shape[1]), 9.0), tensor, torch.full((1, tensor.shape[1]), 9.0)])[2:-1]
        else:
            made[name] = torch.nn.Parameter(torch.stack([tensor, tensor + 1], 2)[:, :, 0])
    return made


def whole(folder, state, early=False):
    torch.save(state, folder / "pytorch_model.bin", _use_new_zipfile_serialization=not early)


def plain(folder, state):
    save_file({name: tensor.contiguous().clone() for name, tensor in state.items()}, folder / "model.safetensors", metadata={"format": "pt"})


def tied(state):
    """Every name of the table, as a state_dict has them."""
    return state | {name: state["shared.weight"] for name in ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight")}


def without(state, *names):
    return {name: tensor for name, tensor in state.items() if name not in names}


EMBED = ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight")
T5_MODEL = lambda **more: hf.T5ForConditionalGeneration(hf.T5Config(**T5, **more))
GATED = dict(feed_forward_proj="gated-gelu")
# config keys as older versions wrote them: NAME: (model, has its own head, config, how it is saved)
V10 = dict(tie_word_embeddings=True)
V11 = dict(tie_word_embeddings=False, **GATED)
ALL = {
    "t5-tied": (lambda: T5_MODEL(), False, {}, lambda f, s: whole(f, tied(s))),
    "t5-tied-early": (lambda: T5_MODEL(), False, V10, lambda f, s: whole(f, tied(s), early=True)),
    "t5-encoder-name": (lambda: T5_MODEL(), False, V10, lambda f, s: whole(f, {"encoder.embed_tokens.weight": s["shared.weight"]} | without(s, "shared.weight", "lm_head.weight", EMBED[1]))),
    "t5-head-name": (lambda: T5_MODEL(), False, V10, lambda f, s: whole(f, {"lm_head.weight": s["shared.weight"]} | without(s, "shared.weight", *EMBED))),
    "t5-v11": (lambda: T5_MODEL(**V11), True, V11, lambda f, s: whole(f, s)),
    "t5-v11-views": (lambda: T5_MODEL(**V11), True, V11, lambda f, s: whole(f, views(without(s, *EMBED)))),
    "t5-v11-shards": (lambda: T5_MODEL(**V11), True, V11, lambda f, s: shards(f, without(s, *EMBED))),
    "t5-v11-early-shards": (lambda: T5_MODEL(**V11), True, V11, lambda f, s: shards(f, without(s, *EMBED), early=True)),
    "t5-half": (lambda: stored(T5_MODEL(**V11), torch.float16), True, V11, lambda f, s: whole(f, s)),
    "t5-bfloat16": (lambda: stored(T5_MODEL(**V11), torch.bfloat16), True, V11, lambda f, s: whole(f, views(without(s, *EMBED)), early=True)),
    "mt5": (lambda: hf.MT5ForConditionalGeneration(hf.MT5Config(**T5)), True, V11, lambda f, s: whole(f, s)),
    "mt5-saved-by-5": (lambda: hf.MT5ForConditionalGeneration(hf.MT5Config(**T5)), True, dict(tie_word_embeddings=True), lambda f, s: plain(f, without(s, *EMBED))),
    "umt5": (lambda: hf.UMT5ForConditionalGeneration(hf.UMT5Config(**T5)), True, dict(tie_word_embeddings=True), lambda f, s: whole(f, s)),
    "umt5-tied": (lambda: hf.UMT5ForConditionalGeneration(hf.UMT5Config(**T5)), False, dict(tie_word_embeddings=True), lambda f, s: plain(f, without(s, *EMBED, "lm_head.weight"))),
    "umt5-published": (lambda: hf.UMT5ForConditionalGeneration(hf.UMT5Config(**T5)), True, dict(tie_word_embeddings=False, **GATED), lambda f, s: whole(f, without(s, *EMBED))),
    "codegen": (lambda: hf.CodeGenForCausalLM(hf.CodeGenConfig(**CAUSAL, rotary_dim=4)), False, {}, lambda f, s: whole(f, s | {f"transformer.h.{i}.attn.causal_mask": torch.ones(1, 1, 200, 200, dtype=torch.bool) for i in range(2)})),
    "codegen-half": (lambda: stored(hf.CodeGenForCausalLM(hf.CodeGenConfig(**CAUSAL, rotary_dim=4)), torch.float16), False, {}, lambda f, s: shards(f, s)),
    "gpt2-early": (lambda: hf.GPT2LMHeadModel(hf.GPT2Config(**CAUSAL)), False, {}, lambda f, s: whole(f, {name.removeprefix("transformer."): tensor for name, tensor in without(s, "lm_head.weight").items()} | {f"h.{i}.attn.bias": torch.ones(1, 1, 200, 200, dtype=torch.uint8) for i in range(2)}, early=True)),
}


def numbers(model, rows, scale):
    """Logits of the target's tokens; `scale` multiplies those of a head that transformers 5 scales where version 4 did not."""
    is_t5 = model.config.is_encoder_decoder
    tensors, losses, greedy = {}, [], []
    for i, row in enumerate(rows):
        text, target = torch.tensor([row["text"]]), torch.tensor([row["target"]])
        if is_t5:
            logits = model(input_ids=text, labels=target).logits[0]
        else:
            logits = model(input_ids=torch.cat([text, target], 1)).logits[0, len(row["text"]) - 1 : -1]
        logits = logits * scale
        tensors[f"logits.{i}"] = logits.contiguous()
        losses.append(torch.nn.functional.cross_entropy(logits, target[0], reduction="sum").item())
        tokens, margins = [], []
        ids = torch.tensor([[0]]) if is_t5 else text
        for _ in range(NEW_TOKENS):
            out = (model(input_ids=text, decoder_input_ids=ids) if is_t5 else model(input_ids=ids)).logits[0, -1] * scale
            top = out.topk(2)
            tokens.append(top.indices[0].item())
            margins.append((top.values[0] - top.values[1]).item())
            if tokens[-1] == model.config.eos_token_id:
                break
            ids = torch.cat([ids, top.indices[None, :1]], 1)
        greedy.append({"tokens": tokens, "margins": margins})
    return {"rows": rows, "losses": losses, "greedy": greedy}, tensors


if __name__ == "__main__":
    seed, out = int(sys.argv[1]), pathlib.Path(sys.argv[2])
    for number, (name, (make, own_head, config, save)) in enumerate(ALL.items()):
        torch.manual_seed(1000 * seed + number)
        folder = out / name
        folder.mkdir(parents=True)
        model = make().eval().requires_grad_(False)
        model.config._attn_implementation = "eager"
        fill(model)
        if own_head:
            dtype = model.dtype
            untie(model)
            stored(model, dtype)
        written = model.config.to_dict()
        for key in ("tie_word_embeddings", "scale_decoder_outputs") if model.config.is_encoder_decoder else ():
            written.pop(key, None)
        (folder / "config.json").write_text(json.dumps(written | config, default=str))
        save(folder, dict(model.state_dict()))
        stored(model, torch.float32)
        draw = lambda length: torch.randint(3, VOCABULARY, (length,)).tolist()
        rows = [{"text": draw(text), "target": draw(target)} for text, target in ROWS]
        # transformers 5 forces umT5's tie_word_embeddings to true and so scales the published models, whose config says false; version 4 and T5X do not.
        scale = model.config.d_model**0.5 if name == "umt5-published" else 1
        expected, tensors = numbers(model, rows, scale)
        (folder / "expected.json").write_text(json.dumps(expected))
        save_file(tensors, folder / "expected.safetensors")
