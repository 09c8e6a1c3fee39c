"""The other side of the step bench: Hugging Face's T5 in PyTorch eager mode, the same weights, batch and parameters."""
import json, resource, sys, time
import torch
from safetensors.torch import load_file
from transformers import T5ForConditionalGeneration

folder, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
model = T5ForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval().requires_grad_(False)
p = {name: t.requires_grad_(True) for name, t in load_file(f"{folder}/parameters.safetensors").items()}
batch = json.load(open(f"{folder}/batch.json"))
rows = batch["rows"]
ids = torch.tensor(batch["ids"]).view(rows, -1)
labels = torch.tensor(batch["labels"]).view(rows, -1)
mask = torch.ones(rows, p["prompt"].shape[0] + ids.shape[1])


def step():
    for t in p.values():
        t.grad = None
    e = model.shared(ids)
    e = e + torch.relu(e @ p["w_down"] + p["b_down"]) @ p["w_up"] + p["b_up"]
    x = torch.cat([p["prompt"].expand(rows, -1, -1), e], 1)
    loss = model(inputs_embeds=x, attention_mask=mask, labels=labels, use_cache=False).loss
    loss.backward()
    return loss


for _ in sys.stdin:
    began = time.perf_counter()
    loss = step()
    milliseconds = (time.perf_counter() - began) * 1000
    norm = torch.sqrt(sum((t.grad ** 2).sum() for t in p.values())).item()
    print(json.dumps({"milliseconds": milliseconds, "loss": loss.item(), "norm": norm, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}), flush=True)
