"""The other side of the benches: Hugging Face's T5 in PyTorch, the same weights, batches and parameters; eager, compiled or with bf16 autocast."""
import json, resource, sys, time
import torch
from safetensors.torch import load_file
from transformers import T5ForConditionalGeneration
from transformers.modeling_outputs import BaseModelOutput

folder, threads, mode = sys.argv[1], int(sys.argv[2]), sys.argv[3]
torch.set_num_threads(threads)
model = T5ForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval().requires_grad_(False)
p = {name: t.requires_grad_(True) for name, t in load_file(f"{folder}/parameters.safetensors").items()}
read = json.load(open(f"{folder}/batches.json"))
tensor = lambda values, rows, kind: torch.tensor(values, dtype=kind).view(rows, -1)
batches = [(tensor(b["ids"], b["rows"], torch.long), tensor(b["mask"], b["rows"], torch.float32), tensor(b["labels"], b["rows"], torch.long)) for b in read["batches"]]
candidates = [torch.tensor(ids) for ids in read["candidates"]]
PAGE = resource.getpagesize()


def encoder_input(ids, mask):
    rows = len(ids)
    e = model.shared(ids)
    e = e + torch.relu(e @ p["w_down"] + p["b_down"]) @ p["w_up"] + p["b_up"]
    return torch.cat([p["prompt"].expand(rows, -1, -1), e], 1), torch.cat([torch.ones(rows, len(p["prompt"])), mask], 1)


def loss_of(ids, mask, labels):
    x, whole = encoder_input(ids, mask)
    return model(inputs_embeds=x, attention_mask=whole, labels=labels, use_cache=False).loss


forward = torch.compile(loss_of) if mode == "compile" else loss_of


def step(asked):
    for t in p.values():
        t.grad = None
    with torch.autocast("cpu", torch.bfloat16, enabled=mode == "bf16"):
        loss = forward(*batches[asked["batch"]])
    loss.backward()
    return lambda: {"loss": loss.item(), "norm": torch.sqrt(sum((t.grad.float() ** 2).sum() for t in p.values())).item()}


@torch.no_grad()
def generate(asked):
    ids, mask, _ = batches[asked["batch"]]
    x, whole = encoder_input(ids, mask)
    made = model.generate(inputs_embeds=x, attention_mask=whole, max_new_tokens=asked["maxTokens"], do_sample=False, num_beams=1)[:, 1:].tolist()
    end = model.config.eos_token_id
    return lambda: {"ids": [row[: row.index(end) + 1] if end in row else row for row in made]}


@torch.no_grad()
def score(asked):
    """The encoder once, then the decoder for each candidate."""
    ids, mask, _ = batches[asked["batch"]]
    x, whole = encoder_input(ids, mask)
    states = BaseModelOutput(model.encoder(inputs_embeds=x, attention_mask=whole).last_hidden_state)
    losses = []
    for target in candidates:
        labels = target.repeat(len(ids), 1)
        logits = model(encoder_outputs=states, attention_mask=whole, labels=labels, use_cache=False).logits
        losses.append(torch.nn.functional.cross_entropy(logits.transpose(1, 2), labels, reduction="none").sum(1))
    return lambda: {"chosen": torch.stack(losses).argmin(0).tolist()}


calls = {"step": step, "generate": generate, "score": score, "state": lambda asked: lambda: {}}
for line in sys.stdin:
    asked = json.loads(line)
    began = time.perf_counter()
    found = calls[asked["call"]](asked)
    milliseconds = (time.perf_counter() - began) * 1000
    resident = int(open("/proc/self/statm").read().split()[1]) * PAGE / 2**20 if sys.platform == "linux" else 0
    print(json.dumps({"milliseconds": milliseconds, **found(), "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "resident": resident}), flush=True)
