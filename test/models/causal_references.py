"""Makes small random decoder-only models with transformers and the numbers that PyTorch computes with them:

    causal_references.py SEED FOLDER [NAME...]

FOLDER/NAME is a model's folder; beside its files lie `expected.json` (rows, losses, greedy tokens with their margins, mistakes) and
`expected.safetensors` (logits, ADePT's tensors and gradients). Every row is computed alone, so no padding has a part in any number; fp32, from the
saved files. Same seed, same numbers."""
import json, pathlib, shutil, sys
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM, DynamicCache, logging
from causal_models import VOCABULARY, all_models
from causal_variants import variants

# Tokens below are special.
FIRST = 3
PROMPT, BOTTLENECK = 3, 5
NEW_TOKENS = 8
# (text, target): with and without a target of one token, a text of one token, and texts beyond every window and original length.
CASES = {"short": [(9, 3), (4, 5), (1, 1), (6, 2)], "long": [(75, 4), (5, 6), (44, 2)]}
ADEPT_ROWS = [(8, 3), (1, 2), (60, 5), (3, 4)]


def fill(model, one_plus):
    """Random values instead of the initial ones: no norm weight is 1, no bias 0, and attention looks at few places."""
    gains = {"q_proj": 1.6, "k_proj": 1.6, "qkv_proj": 1.3, "query_key_value": 1.3, "c_attn": 1.3, "lm_head": 3.0, "embed_out": 3.0}
    width = model.get_input_embeddings().weight.shape[1]
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            part = name.split(".")[-2]
            noise = torch.randn(parameter.shape)
            if name.endswith(".bias"):
                parameter.copy_(0.3 * noise)
            elif parameter.ndim == 1:
                parameter.copy_((0.0 if one_plus else 1.0) + 0.25 * noise)
            elif part in ("embed_tokens", "wte", "wpe", "embed_in"):
                parameter.copy_(noise * (width**-0.5 if one_plus else 0.7))
            else:
                # GPT-2's own linear layers are stored the other way round.
                inputs = parameter.shape[0 if part.startswith("c_") else 1]
                parameter.copy_(noise * gains.get(part, 1.0) * inputs**-0.5)


def save(made, model, folder):
    if made.renamed is None:
        model.save_pretrained(folder, max_shard_size=made.shard)
    else:
        model.save_pretrained(folder)
        tensors = made.renamed(load_file(folder / "model.safetensors"))
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "model.safetensors", metadata={"format": "pt"})
    if made.classic is not None:
        config = json.loads((folder / "config.json").read_text()) | made.classic
        kept = {key: value for key, value in config.items() if made.classic.get(key, "") is not None}
        (folder / "config.json").write_text(json.dumps(kept, indent=2))


class Reference:
    """A saved model, one row at a time: [prompt ; text ; target], ADePT's offset on every token and none on the prompt."""

    def __init__(self, folder, change=None):
        config = AutoConfig.from_pretrained(folder)
        if isinstance(change, dict):
            config = type(config).from_dict(config.to_dict() | change)
        self.model = AutoModelForCausalLM.from_pretrained(folder, config=config, dtype=torch.float32, attn_implementation="eager").eval().requires_grad_(False)
        if callable(change):
            change(self.model)
        self.config = config

    def embed(self, ids, adept, prompt=True):
        e = self.model.get_input_embeddings()(torch.tensor(ids))
        if adept is None:
            return e
        offset = torch.relu(e @ adept["w_down"] + adept["b_down"]) @ adept["w_up"] + adept["b_up"]
        return torch.cat([adept["prompt"], e + offset]) if prompt else e + offset

    def start(self):
        """Frequencies that grow with the text are kept by transformers for the next one, which then depends on what came before."""
        for module in self.model.modules():
            if hasattr(module, "max_seq_len_cached") and hasattr(module, "original_inv_freq"):
                module.max_seq_len_cached = module.original_max_seq_len
                module.inv_freq = module.original_inv_freq.clone()

    def forward(self, embedded, cache=None):
        if cache is None or cache.get_seq_length() == 0:
            self.start()
        return self.model(inputs_embeds=embedded[None], past_key_values=cache, use_cache=cache is not None).logits[0]

    def logits(self, text, target, adept=None):
        """(target, vocabulary): what predicts each token of the target. The last token is read, as in training, though nothing is predicted from it."""
        return self.forward(self.embed(text + target, adept))[-len(target) - 1 : -1]

    def loss(self, text, target, adept=None):
        return torch.nn.functional.cross_entropy(self.logits(text, target, adept).float(), torch.tensor(target), reduction="sum")

    def score(self, text, target, adept=None):
        """The loss where the text is read first and kept: it differs where frequencies grow with the text."""
        cache = DynamicCache(config=self.config)
        first = self.forward(self.embed(text, adept), cache)[-1:]
        rest = self.forward(self.embed(target, adept, prompt=False), cache)[:-1]
        return torch.nn.functional.cross_entropy(torch.cat([first, rest]), torch.tensor(target), reduction="sum")

    def greedy(self, text, ends, adept=None):
        """Tokens up to and with an end, and by how much each was ahead of the second."""
        tokens, margins, cache = [], [], DynamicCache(config=self.config)
        embedded = self.embed(text, adept)
        while len(tokens) < NEW_TOKENS and not (tokens and tokens[-1] in ends):
            best = self.forward(embedded, cache)[-1].topk(2)
            tokens.append(best.indices[0].item())
            margins.append((best.values[0] - best.values[1]).item())
            embedded = self.embed(tokens[-1:], adept, prompt=False)
        return {"tokens": tokens, "margins": margins}


def rows_of(lengths, generator):
    draw = lambda count: torch.randint(FIRST, VOCABULARY, (count,), generator=generator).tolist()
    return [(draw(text), draw(target)) for text, target in lengths]


def adept_of(embedding, generator):
    width = embedding.shape[1]
    scale = embedding.std().item()
    sizes = {"prompt": (PROMPT, width), "w_down": (width, BOTTLENECK), "b_down": (BOTTLENECK,), "w_up": (BOTTLENECK, width), "b_up": (width,)}
    gains = {"prompt": scale, "w_down": width**-0.5 / scale, "b_down": 0.5, "w_up": 0.4 * scale, "b_up": 0.1 * scale}
    return {name: (gains[name] * torch.randn(size, generator=generator)).requires_grad_() for name, size in sizes.items()}


def largest(differences):
    return max(difference.abs().max().item() for difference in differences)


def expected(made, folder, seed):
    generator = torch.Generator().manual_seed(seed)
    rows = {name: rows_of(lengths, generator) for name, lengths in CASES.items()}
    reference = Reference(folder)
    ends = reference.config.eos_token_id if isinstance(reference.config.eos_token_id, list) else [reference.config.eos_token_id]
    told, tensors = {"prompt": PROMPT, "bottleneck": BOTTLENECK, "maxTokens": NEW_TOKENS, "cases": {}}, {}

    def tell(case, rows, adept=None):
        with torch.no_grad():
            logits = [reference.logits(*row, adept) for row in rows]
            for i, values in enumerate(logits):
                tensors[f"{case}.logits.{i}"] = values.contiguous()
            return logits, {
                "rows": [{"text": text, "target": target} for text, target in rows],
                "losses": [reference.loss(*row, adept).item() for row in rows],
                "scores": [reference.score(*row, adept).item() for row in rows],
                "greedy": [reference.greedy(text, ends, adept) for text, _ in rows],
            }

    found = {}
    for name, each in rows.items():
        found[name], told["cases"][name] = tell(name, each)
    embedded = torch.stack([reference.embed([i], None)[0] for i in range(VOCABULARY)])
    adept, adept_rows = adept_of(embedded, generator), rows_of(ADEPT_ROWS, generator)
    _, told["cases"]["adept"] = tell("adept", adept_rows, adept)
    loss = sum(reference.loss(*row, adept) for row in adept_rows) / sum(len(target) for _, target in adept_rows)
    loss.backward()
    told["adeptLoss"] = loss.item()
    for name, tensor in adept.items():
        tensors[f"adept.{name}"], tensors[f"gradient.{name}"] = tensor.detach(), tensor.grad
    with torch.no_grad():
        told["mistakes"] = {}
        for mistake, change in made.mistakes.items():
            wrong = Reference(folder, change)
            told["mistakes"][mistake] = largest(wrong.logits(*row) - right for row, right in zip(rows["long"], found["long"]))
        exact = Reference(folder)
        exact.model.double()
        told["rounding"] = largest(exact.logits(*row).float() - right for row, right in zip(rows["long"], found["long"]))
    (folder / "expected.json").write_text(json.dumps(told))
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "expected.safetensors")
    return told


def make(made, folder, seed):
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(made.config, attn_implementation="eager")
    fill(model, one_plus=made.config.model_type.startswith("gemma"))
    model.to(made.dtype)
    save(made, model, folder)
    # A token that is generated early becomes a second end, so that rows end at different times.
    text = rows_of(CASES["short"], torch.Generator().manual_seed(seed))[0][0]
    with torch.no_grad():
        early = Reference(folder).greedy(text, [])["tokens"][3]
    for name in ("config.json", "generation_config.json"):
        path = folder / name
        path.write_text(json.dumps(json.loads(path.read_text()) | {"eos_token_id": [2, early]}, indent=2))


def main(seed, out, *names):
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    folder = pathlib.Path(out)
    for number, made in enumerate([*all_models(), *variants()]):
        if names and made.name not in names:
            continue
        half, whole = folder / f".{made.name}", folder / made.name
        for old in (half, whole):
            shutil.rmtree(old, ignore_errors=True)
        half.mkdir(parents=True)
        make(made, half, 1000 * int(seed) + number)
        told = expected(made, half, 1000 * int(seed) + number)
        half.rename(whole)
        mistakes = ", ".join(f"{name} {size:.2g}" for name, size in told["mistakes"].items())
        print(f"{made.name}: rounding {told['rounding']:.1e}; mistakes: {mistakes}", flush=True)


main(*sys.argv[1:])
