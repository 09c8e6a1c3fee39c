"""The other side of the bench of decoder-only models: transformers in PyTorch, eager, the same weights, batches and parameters; LoRA by PEFT, ADePT by its formula.
HEAD is "all", for logits of every token as transformers computes them, or "labels", for those of the labels alone."""
import json, resource, sys, time
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

folder, threads, head = sys.argv[1], int(sys.argv[2]), sys.argv[3]
torch.set_num_threads(threads)
method = json.load(open(f"{folder}/method.json"))
base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval().requires_grad_(False)
given = load_file(f"{folder}/parameters.safetensors")
model, p = base, given
if method["spec"]["kind"] == "lora":
    model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", r=method["sizes"]["rank"], lora_alpha=method["spec"]["alpha"])).eval()
    named = dict(model.named_parameters())
    p = {name: named[f"base_model.model.{name.removesuffix('.weight')}.default.weight"] for name in given}
    with torch.no_grad():
        for name, tensor in given.items():
            p[name].copy_(tensor)
else:
    p = {name: tensor.requires_grad_() for name, tensor in given.items()}


def rows_of(batch):
    """Each row's text and target side by side, padded on the right to the longest row; -100 where there is no loss."""
    rows = batch["rows"]
    split = lambda name: torch.tensor(batch[name]).view(rows, -1)
    pairs = [(ids[mask > 0], labels[labels >= 0]) for ids, mask, labels in zip(split("ids"), split("mask"), split("labels"))]
    longest = max(len(text) + len(target) for text, target in pairs)
    ids, mask, labels = torch.zeros(rows, longest, dtype=torch.long), torch.zeros(rows, longest), torch.full((rows, longest), -100)
    for row, (text, target) in enumerate(pairs):
        end = len(text) + len(target)
        ids[row, :end], mask[row, :end], labels[row, len(text) : end] = torch.cat([text, target]), 1, target
    return ids, mask, labels


batches = [rows_of(batch) for batch in json.load(open(f"{folder}/batches.json"))["batches"]]


def inputs_of(ids, mask, labels):
    if method["spec"]["kind"] == "lora":
        return {"input_ids": ids, "attention_mask": mask}, labels
    e = base.get_input_embeddings()(ids)
    e = e + torch.relu(e @ p["w_down"] + p["b_down"]) @ p["w_up"] + p["b_up"]
    rows, prompt = len(ids), len(p["prompt"])
    before = lambda value: torch.full((rows, prompt), value)
    x = torch.cat([p["prompt"].expand(rows, -1, -1), e], 1)
    return {"inputs_embeds": x, "attention_mask": torch.cat([before(1.0), mask], 1)}, torch.cat([before(-100), labels], 1)


def loss_of(batch):
    inputs, labels = inputs_of(*batch)
    if head == "all":
        return model(**inputs, labels=labels, use_cache=False).loss
    states = base.model(**inputs, use_cache=False).last_hidden_state[:, :-1]
    kept = labels[:, 1:] >= 0
    return torch.nn.functional.cross_entropy(base.lm_head(states[kept]), labels[:, 1:][kept])


def step(asked):
    for t in p.values():
        t.grad = None
    loss = loss_of(batches[asked["batch"]])
    loss.backward()
    return lambda: {"loss": loss.item(), "norm": torch.sqrt(sum((t.grad**2).sum() for t in p.values())).item()}


for line in sys.stdin:
    asked = json.loads(line)
    began = time.perf_counter()
    found = step(asked)
    milliseconds = (time.perf_counter() - began) * 1000
    print(json.dumps({"milliseconds": milliseconds, **found(), "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "resident": 0}), flush=True)
