"""ADePT with one set of options on a small random model, computed directly with PyTorch:

    adept_options.py MODEL FOLDER

FOLDER/case.json has the options, the rows and the number of new tokens; FOLDER/parameters.safetensors the trained tensors.
What is computed at step 0 (the embedding's unit, which tokens are rare) is computed here anew. Written to FOLDER: result.json
(the loss of a training step, each row's loss in evaluation, greedy tokens with their margins) and gradients.safetensors.
Every row is computed alone and read whole at each new token, so neither padding nor a cache has a part in any number."""
import json, pathlib, sys
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, logging


class Adept:
    def __init__(self, model, parameters, method, rows):
        self.model, self.p, self.method = model, parameters, method
        vocabulary = model.config.get_text_config().vocab_size
        with torch.no_grad():
            table = model.get_input_embeddings()(torch.arange(vocabulary))
            self.unit = table.double().pow(2).mean().sqrt().item()
        counts = torch.zeros(vocabulary, dtype=torch.long)
        for row in rows:
            for token in row["text"] + row["target"]:
                counts[token] += 1
        self.rare = counts < method.get("shareBelow", 0)

    def embed(self, ids, is_offset=True):
        """(tokens, width): embeddings with their offsets, or raw."""
        at = torch.tensor(ids, dtype=torch.long)
        e = self.model.get_input_embeddings()(at)
        if not is_offset:
            return e
        p, method = self.p, self.method
        x = e / (e.pow(2).mean(-1, keepdim=True) + 1e-12).sqrt() if method.get("inputNorm") == "rms" else e
        offset = torch.relu(x @ p["w_down"] + p["b_down"]) @ p["w_up"] + p["b_up"]
        if "shareBelow" in method:
            offset = torch.where(self.rare[at][:, None], p["shared"], offset)
        if method.get("offsetUnit") == "embedding":
            offset = self.unit * offset
        if "gain" in method:
            offset = p["gain"] * offset
        return e + offset

    def logits(self, text, target, use):
        """What predicts each token of the target, and the one behind it: (target + 1, vocabulary)."""
        is_raw = self.method.get("offsetTokens", {}).get(use, "all") == "text"
        parts = [self.p["prompt"], self.embed(text), self.embed(target, not is_raw)]
        return self.model(inputs_embeds=torch.cat(parts)[None], use_cache=False).logits[0][-len(target) - 1 :]

    def loss(self, row, use):
        logits = self.logits(row["text"], row["target"], use)[:-1]
        return torch.nn.functional.cross_entropy(logits, torch.tensor(row["target"]), reduction="sum")

    def greedy(self, text, count):
        tokens, margins = [], []
        for _ in range(count):
            best = self.logits(text, tokens, "generation")[-1].topk(2)
            tokens.append(best.indices[0].item())
            margins.append((best.values[0] - best.values[1]).item())
        return {"tokens": tokens, "margins": margins}


def main(model_folder, out):
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    folder = pathlib.Path(out)
    case = json.loads((folder / "case.json").read_text())
    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32, attn_implementation="eager")
    model.eval().requires_grad_(False)
    parameters = {name: tensor.requires_grad_() for name, tensor in load_file(folder / "parameters.safetensors").items()}
    results, gradients = {}, {}
    for name, method in case["methods"].items():
        own = {key.split("/")[1]: tensor for key, tensor in parameters.items() if key.startswith(f"{name}/")}
        adept = Adept(model, own, method, case["rows"])
        loss = sum(adept.loss(row, "training") for row in case["rows"]) / sum(len(row["target"]) for row in case["rows"])
        loss.backward()
        with torch.no_grad():
            results[name] = {
                "unit": adept.unit,
                "loss": loss.item(),
                "losses": [adept.loss(row, "generation").item() for row in case["rows"]],
                "greedy": [adept.greedy(row["text"], case["newTokens"]) for row in case["rows"]],
            }
        gradients |= {f"{name}/{key}": tensor.grad for key, tensor in own.items()}
    (folder / "result.json").write_text(json.dumps(results))
    save_file({name: tensor.contiguous() for name, tensor in gradients.items()}, folder / "gradients.safetensors")


main(*sys.argv[1:])
