"""Makes small random models and the GGUF files that llama.cpp's converter would make of them:

    gguf_models.py SEED FOLDER [NAME...]

FOLDER/NAME is the Hugging Face folder, and beside its files lie F32.gguf and quantised ones (Q8_0.gguf, ..). FOLDER/NAME/Q8_0 is the folder of the model
with the values that the quantised file holds. `TYPE.json` (rows, losses) and `TYPE.safetensors` (logits) are what PyTorch computes with each: every row alone,
fp32. transformers reads every file too, where it knows the architecture: its logits must be those of the folder."""
import json, os, pathlib, shutil, sys

os.environ.setdefault("TQDM_DISABLE", "1")
import gguf
import numpy as np
import torch
import transformers as hf
from gguf.quants import dequantize, quantize
from safetensors.torch import load_file, save_file
from gguf_conversion import Conversion
from gguf_sizes import Made, all_models

VOCABULARY, FIRST = 96, 3
# (text, target): beyond every window and original length too.
ROWS = [(9, 3), (4, 5), (1, 1), (70, 4)]
OTHERS = ("Q4_0", "Q4_1", "Q5_0", "Q5_1")
TOLERANCE = 2e-4


def fill(model, one_plus):
    """Random values: no norm weight is 1 and no bias 0. Those of Gemma's norms have few digits, so that 1 can be added and taken away."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape)
            if name.endswith(".bias"):
                parameter.copy_(0.3 * noise)
            elif parameter.ndim == 1:
                parameter.copy_((0.25 * noise).bfloat16().float() if one_plus else 1 + 0.25 * noise)
            elif name.endswith(("embed_tokens.weight", "shared.weight", "wte.weight", "wpe.weight", "embed_in.weight")):
                parameter.copy_(0.7 * noise)
            elif name.endswith("relative_attention_bias.weight"):
                parameter.copy_(noise)
            else:
                parameter.copy_(1.5 * noise * parameter.shape[0 if ".c_" in name else 1] ** -0.5)


def save(made, model, folder):
    """The model's folder. transformers 5 forgets that the head of a T5 1.1 is its own, and writes none."""
    model.save_pretrained(folder)
    if not made.own_head:
        return
    state = load_file(folder / "model.safetensors")
    state["lm_head.weight"] = torch.randn(state["shared.weight"].shape) * model.config.d_model**-0.5
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text()) | {"tie_word_embeddings": False}
    config.pop("scale_decoder_outputs", None)
    (folder / "config.json").write_text(json.dumps(config, indent=2))


def logits(model, row):
    text, target = (torch.tensor([row[part]]) for part in ("text", "target"))
    with torch.no_grad():
        if model.config.is_encoder_decoder:
            return model(input_ids=text, labels=target).logits[0]
        return model(input_ids=torch.cat([text, target], 1)).logits[0, len(row["text"]) - 1 : -1]


def opened(made, folder, config=None, **more):
    kind = hf.AutoModelForSeq2SeqLM if made.config.is_encoder_decoder else hf.AutoModelForCausalLM
    config = config or hf.AutoConfig.from_pretrained(folder)
    model = kind.from_pretrained(folder, config=config, dtype=torch.float32, attn_implementation="eager", **more)
    return model.eval().requires_grad_(False)


def tell(model, rows, place):
    found = [logits(model, row) for row in rows]
    losses = [torch.nn.functional.cross_entropy(each, torch.tensor(row["target"]), reduction="sum").item() for each, row in zip(found, rows)]
    place.with_suffix(".json").write_text(json.dumps({"rows": rows, "losses": losses}))
    save_file({f"logits.{i}": each.contiguous() for i, each in enumerate(found)}, place.with_suffix(".safetensors"))
    return found


def stored_values(tensors, kind):
    """What a file of this type holds of each tensor: only matrices are quantised, and only whole blocks. (values, type, fp32 values)"""
    for name, values in tensors.items():
        values = values.numpy().astype(np.float32)
        plain = kind == "F32" or values.ndim < 2 or values.shape[-1] % 32 != 0 or name.startswith(("rope", "position"))
        wanted = gguf.GGMLQuantizationType.F32 if plain else gguf.GGMLQuantizationType[kind]
        raw = values if plain else quantize(values, wanted)
        yield name, raw, wanted, torch.from_numpy(np.ascontiguousarray(values if plain else dequantize(raw, wanted)))


def write(made, conversion, kind, path):
    """Writes the file; returns the values that it holds, as fp32."""
    writer = gguf.GGUFWriter(path, conversion.architecture)
    conversion.metadata(writer)
    held = {}
    for name, raw, stored, held[name] in stored_values(conversion.tensors(), kind):
        writer.add_tensor(name, raw, raw_dtype=stored)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return held


def read_by_transformers(made, folder, kind, right, rows):
    """By how much its logits differ; None where it does not know the architecture. It is given the config: it reads few of its keys."""
    if made.unread:
        return None
    model = opened(made, folder, config=hf.AutoConfig.from_pretrained(folder), gguf_file=f"{kind}.gguf")
    worst = max((logits(model, row) - each).abs().max().item() for row, each in zip(rows, right))
    assert worst < TOLERANCE, (made.name, kind, worst)
    return worst


def make(made, folder, seed, kinds):
    torch.manual_seed(seed)
    kind = hf.AutoModelForSeq2SeqLM if made.config.is_encoder_decoder else hf.AutoModelForCausalLM
    model = kind.from_config(made.config, attn_implementation="eager")
    fill(model, one_plus=made.config.model_type.startswith("gemma"))
    save(made, model, folder)
    draw = lambda length: torch.randint(FIRST, VOCABULARY, (length,)).tolist()
    rows = [{"text": draw(text), "target": draw(target)} for text, target in ROWS]
    state = load_file(folder / "model.safetensors")
    conversion = Conversion(made, json.loads((folder / "config.json").read_text()), state)
    report = []
    for kind in kinds:
        held = write(made, conversion, kind, folder / f"{kind}.gguf")
        values = conversion.undone(held)
        own = folder
        if kind == "F32":
            assert values.keys() == state.keys() and all(torch.equal(values[name], state[name]) for name in state), made.name
        else:
            own = folder / kind
            own.mkdir()
            for name in ("config.json", "generation_config.json"):
                if (folder / name).exists():
                    shutil.copy(folder / name, own / name)
            save_file({name: tensor.contiguous() for name, tensor in values.items()}, own / "model.safetensors", metadata={"format": "pt"})
        right = tell(opened(made, own), rows, folder / kind)
        report.append(f"{kind} {read_by_transformers(made, folder, kind, right, rows)}")
    return ", ".join(report)


def main(seed, out, *names):
    torch.set_num_threads(1)
    hf.logging.set_verbosity_error()
    hf.logging.disable_progress_bar()
    for number, made in enumerate(all_models()):
        if names and made.name not in names:
            continue
        half, whole = pathlib.Path(out) / f".{made.name}", pathlib.Path(out) / made.name
        for old in (half, whole):
            shutil.rmtree(old, ignore_errors=True)
        half.mkdir(parents=True)
        kinds = ["F32", "Q8_0", *(OTHERS if made.name == "llama" else [OTHERS[number % 4]])]
        report = make(made, half, 1000 * int(seed) + number, kinds)
        half.rename(whole)
        print(f"{made.name}: difference of transformers' own reading: {report}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
