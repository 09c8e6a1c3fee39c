"""The other side of the check on a GPU: T5 and Llama in plain PyTorch, for a machine that has torch and nothing else.

    peer.py facts                        what there is, as JSON
    peer.py make FOLDER DEVICE           writes the random weights that FOLDER/tensors.json names
    peer.py serve FOLDER MODE DEVICE N   answers each line with a time and what came out, with N threads (0: PyTorch's)

MODE is "eager", "compile" (both in fp32), "autocast" (bf16 products of fp32 weights), "narrow" or "compile-narrow"
(weights in bf16), or "free", which only tells how much memory the device has left. ADePT's parameters are fp32 in all of them.
"""

import ctypes
import json
import math
import mmap
import os
import platform
import re
import struct
import subprocess
import sys
import threading
import time

import torch
import torch.nn.functional as F
from torch import nn

TYPES = {"F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16}


def device_of(name):
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda", 0)
    return torch.device("cpu")


# Facts


def driver():
    try:
        asked = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
        return subprocess.run(asked, capture_output=True, text=True, timeout=20).stdout.strip().split("\n")[0]
    except (OSError, subprocess.TimeoutExpired):
        return ""


def facts():
    found = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda or "",
        "hip": torch.version.hip or "",
        "driver": driver(),
        "threads": torch.get_num_threads(),
        "devices": [],
    }
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        free, total = torch.cuda.mem_get_info(index)
        name = torch.cuda.get_device_name(index)
        found["devices"].append({"name": name, "free": free, "total": total, "bf16": torch.cuda.is_bf16_supported()})
    return found


# Files


def bytes_of(tensor):
    """The bytes of a contiguous tensor of the processor; NumPy need not be there."""
    lent = (ctypes.c_char * (tensor.numel() * tensor.element_size())).from_address(tensor.data_ptr())
    lent.owner = tensor
    return memoryview(lent)


def make(folder, device):
    """Tensors that differ in their layer alone have the same values: so large a model is then written, not drawn."""
    with open(f"{folder}/tensors.json") as file:
        asked = json.load(file)
    dtype = TYPES[asked["dtype"]]
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for each in asked["tensors"]:
        length = math.prod(each["dims"]) * torch.empty((), dtype=dtype).element_size()
        header[each["name"]] = {
            "dtype": asked["dtype"],
            "shape": each["dims"],
            "data_offsets": [offset, offset + length],
        }
        offset += length
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    torch.manual_seed(7)
    drawn = {}
    with open(f"{folder}/model.safetensors", "wb", buffering=0) as file:
        for part in (struct.pack("<Q", len(text)), text):
            file.write(part)
        for each in asked["tensors"]:
            kind = re.sub(r"\.\d+\.", ".N.", each["name"])
            if kind not in drawn:
                values = torch.ones(each["dims"], device=device)
                if each["scale"] > 0:
                    bound = each["scale"] * math.sqrt(3)
                    values.uniform_(-bound, bound)
                drawn[kind] = values.to(dtype).cpu()
            data, done = bytes_of(drawn[kind]), 0
            while done < len(data):
                done += file.write(data[done : done + (1 << 30)])


def read_tensors(path):
    """The tensors of a safetensors file, as they are stored."""
    with open(path, "rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    (length,) = struct.unpack("<Q", mapped[:8])
    found = {}
    for name, each in json.loads(mapped[8 : 8 + length]).items():
        if name == "__metadata__":
            continue
        dtype, start = TYPES[each["dtype"]], 8 + length + each["data_offsets"][0]
        count = math.prod(each["shape"])
        found[name] = torch.frombuffer(mapped, dtype=dtype, count=count, offset=start).reshape(each["shape"])
    return found


# T5, as transformers computes it with eager attention


class RootMeanSquare(nn.Module):
    def __init__(self, width, epsilon):
        super().__init__()
        self.weight, self.epsilon = nn.Parameter(torch.empty(width)), epsilon

    def forward(self, x):
        wide = x.float()
        return self.weight * (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.epsilon)).to(self.weight.dtype)


def buckets(distance, is_bidirectional, count, furthest):
    """The bucket of each distance (key minus query)."""
    first = 0
    if is_bidirectional:
        count //= 2
        first = (distance > 0).long() * count
        distance = distance.abs()
    else:
        distance = -distance.clamp(max=0)
    exact = count // 2
    far = torch.log(distance.clamp(min=1).float() / exact) / math.log(furthest / exact) * (count - exact)
    return first + torch.where(distance < exact, distance, (exact + far.long()).clamp(max=count - 1))


class T5Attention(nn.Module):
    def __init__(self, config, has_bias, is_bidirectional=True):
        super().__init__()
        width, inner = config["d_model"], config["num_heads"] * config["d_kv"]
        self.heads, self.is_bidirectional = config["num_heads"], is_bidirectional
        self.count, self.furthest = 32, 128
        self.q, self.k, self.v = (nn.Linear(width, inner, bias=False) for _ in range(3))
        self.o = nn.Linear(inner, width, bias=False)
        if has_bias:
            self.relative_attention_bias = nn.Embedding(self.count, self.heads)

    def bias(self, queries, keys):
        """(1, heads, queries, keys), of the last `queries` places."""
        place = torch.arange(keys, device=self.q.weight.device)
        distance = place[None, :] - place[keys - queries :, None]
        found = buckets(distance, self.is_bidirectional, self.count, self.furthest)
        return self.relative_attention_bias(found).permute(2, 0, 1)[None]

    def split(self, x):
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def keys(self, states):
        return self.split(self.k(states)), self.split(self.v(states))

    def forward(self, x, kept, bias):
        k, v = kept
        scores = self.split(self.q(x)) @ k.mT
        if bias is not None:
            scores = scores + bias
        shares = F.softmax(scores.float(), -1).type_as(scores)
        return self.o((shares @ v).transpose(1, 2).flatten(2))


class T5FeedForward(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.wi = nn.Linear(config["d_model"], config["d_ff"], bias=False)
        self.wo = nn.Linear(config["d_ff"], config["d_model"], bias=False)

    def forward(self, x):
        return self.wo(F.relu(self.wi(x)))


class Sublayer(nn.Module):
    """A part of a block behind its norm; its names are those of the files."""

    def __init__(self, name, part, config):
        super().__init__()
        self.add_module(name, part)
        self.part = [part]
        self.layer_norm = RootMeanSquare(config["d_model"], 1e-6)


class T5Block(nn.Module):
    def __init__(self, config, is_decoder, has_bias):
        super().__init__()
        own = T5Attention(config, has_bias, not is_decoder)
        parts = [Sublayer("SelfAttention", own, config)]
        if is_decoder:
            parts.append(Sublayer("EncDecAttention", T5Attention(config, False), config))
        parts.append(Sublayer("DenseReluDense", T5FeedForward(config), config))
        self.layer = nn.ModuleList(parts)

    def forward(self, x, bias, cross=None, cache=None):
        """@param cache the block's list of earlier keys and values; None: the whole text is read at once"""
        own = self.layer[0]
        z = own.layer_norm(x)
        kept = own.part[0].keys(z)
        if cache is not None:
            kept = tuple(torch.cat(both, 2) for both in zip(cache[0], kept)) if cache else kept
            cache[:] = [kept]
        x = x + own.part[0](z, kept, bias)
        if cross is not None:
            x = x + self.layer[1].part[0](self.layer[1].layer_norm(x), *cross)
        last = self.layer[-1]
        return x + last.part[0](last.layer_norm(x))


class T5Stack(nn.Module):
    def __init__(self, config, is_decoder):
        super().__init__()
        self.block = nn.ModuleList(T5Block(config, is_decoder, i == 0) for i in range(config["num_layers"]))
        self.final_layer_norm = RootMeanSquare(config["d_model"], 1e-6)


class T5(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.shared = nn.Embedding(config["vocab_size"], config["d_model"])
        self.encoder, self.decoder = T5Stack(config, False), T5Stack(config, True)

    def encode(self, x, mask):
        hidden = torch.finfo(x.dtype).min
        outside = (1 - mask[:, None, None, :].to(x.dtype)) * hidden
        bias = self.encoder.block[0].layer[0].part[0].bias(x.shape[1], x.shape[1]).to(x.dtype) + outside
        for block in self.encoder.block:
            x = block(x, bias)
        return self.encoder.final_layer_norm(x), outside

    def crosses(self, states, outside):
        return [(block.layer[1].part[0].keys(states), outside) for block in self.decoder.block]

    def logits(self, y):
        return F.linear(self.decoder.final_layer_norm(y) * self.config["d_model"] ** -0.5, self.shared.weight)

    def loss(self, x, mask, labels):
        states, outside = self.encode(x, mask)
        start = torch.zeros_like(labels[:, :1])
        y = self.shared(torch.cat((start, labels[:, :-1].clamp(min=0)), 1))
        length = y.shape[1]
        later = torch.full((length, length), torch.finfo(y.dtype).min, device=y.device, dtype=y.dtype).triu(1)
        bias = self.decoder.block[0].layer[0].part[0].bias(length, length).to(y.dtype) + later
        for block, cross in zip(self.decoder.block, self.crosses(states, outside)):
            y = block(y, bias, cross)
        return F.cross_entropy(self.logits(y).float().flatten(0, 1), labels.flatten(), ignore_index=-100)

    def generate(self, x, mask, count, offset):
        states, outside = self.encode(x, mask)
        crosses, caches = self.crosses(states, outside), [[] for _ in self.decoder.block]
        last, found = torch.zeros(len(x), 1, dtype=torch.long, device=x.device), []
        for at in range(count):
            y = self.shared(last)
            bias = self.decoder.block[0].layer[0].part[0].bias(1, at + 1).to(y.dtype)
            for block, cross, cache in zip(self.decoder.block, crosses, caches):
                y = block(y, bias, cross, cache)
            last = self.logits(y).argmax(-1)
            found.append(last)
        return torch.cat(found, 1)


# Llama, with scaled_dot_product_attention


class LlamaAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        width, heads, groups = (config[key] for key in ("hidden_size", "num_attention_heads", "num_key_value_heads"))
        self.size, self.repeated = config["head_dim"], heads // groups
        self.q_proj = nn.Linear(width, heads * self.size, bias=False)
        self.k_proj = nn.Linear(width, groups * self.size, bias=False)
        self.v_proj = nn.Linear(width, groups * self.size, bias=False)
        self.o_proj = nn.Linear(heads * self.size, width, bias=False)

    def forward(self, x, rotation, cache):
        cos, sin = rotation
        split = lambda y: y.unflatten(-1, (-1, self.size)).transpose(1, 2)
        q, k, v = (split(each(x)) for each in (self.q_proj, self.k_proj, self.v_proj))
        turned = lambda y: y * cos + torch.cat((-y[..., self.size // 2 :], y[..., : self.size // 2]), -1) * sin
        q, k = turned(q).to(v.dtype), turned(k).to(v.dtype)
        if cache is not None:
            k, v = (torch.cat(both, 2) for both in zip(cache[0], (k, v))) if cache else (k, v)
            cache[:] = [(k, v)]
        wide = [each.repeat_interleave(self.repeated, 1) if self.repeated > 1 else each for each in (k, v)]
        result = F.scaled_dot_product_attention(q, *wide, is_causal=x.shape[1] > 1)
        return self.o_proj(result.transpose(1, 2).flatten(2))


class LlamaFeedForward(nn.Module):
    def __init__(self, config):
        super().__init__()
        width, hidden = config["hidden_size"], config["intermediate_size"]
        self.gate_proj, self.up_proj = (nn.Linear(width, hidden, bias=False) for _ in range(2))
        self.down_proj = nn.Linear(hidden, width, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class LlamaLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        norm = lambda: RootMeanSquare(config["hidden_size"], config["rms_norm_eps"])
        self.self_attn, self.mlp = LlamaAttention(config), LlamaFeedForward(config)
        self.input_layernorm, self.post_attention_layernorm = norm(), norm()

    def forward(self, x, rotation, cache=None):
        x = x + self.self_attn(self.input_layernorm(x), rotation, cache)
        return x + self.mlp(self.post_attention_layernorm(x))


class LlamaStack(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embed_tokens = nn.Embedding(config["vocab_size"], config["hidden_size"])
        self.layers = nn.ModuleList(LlamaLayer(config) for _ in range(config["num_hidden_layers"]))
        self.norm = RootMeanSquare(config["hidden_size"], config["rms_norm_eps"])


class Llama(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config, self.model = config, LlamaStack(config)
        self.is_tied = config["tie_word_embeddings"]
        if not self.is_tied:
            self.lm_head = nn.Linear(config["hidden_size"], config["vocab_size"], bias=False)

    @property
    def shared(self):
        return self.model.embed_tokens

    def rotation(self, start, end, like):
        size = self.config["head_dim"]
        steps = torch.arange(0, size, 2, device=like.device, dtype=torch.float32) / size
        place = torch.arange(start, end, device=like.device, dtype=torch.float32)
        angles = place[:, None] * (1 / self.config["rope_theta"] ** steps)
        both = torch.cat((angles, angles), -1)
        return both.cos().to(like.dtype), both.sin().to(like.dtype)

    def logits(self, states):
        return F.linear(states, self.shared.weight if self.is_tied else self.lm_head.weight)

    def loss(self, x, labels):
        """@param labels -100 where there is no loss; logits are made where there is one alone"""
        rotation = self.rotation(0, x.shape[1], x)
        for layer in self.model.layers:
            x = layer(x, rotation)
        count = labels.shape[1] - self.first
        states = self.model.norm(x[:, -count - 1 : -1])
        return F.cross_entropy(self.logits(states).float().flatten(0, 1), labels[:, -count:].flatten())

    def generate(self, x, mask, count, offset):
        caches, found, read = [[] for _ in self.model.layers], [], 0
        for _ in range(count):
            rotation = self.rotation(read, read + x.shape[1], x)
            read += x.shape[1]
            for layer, cache in zip(self.model.layers, caches):
                x = layer(x, rotation, cache)
            last = self.logits(self.model.norm(x[:, -1:])).argmax(-1)
            found.append(last)
            x = offset(self.shared(last))
        return torch.cat(found, 1)


# The side


class Peer:
    def __init__(self, folder, mode, device):
        self.device, self.mode = device, mode
        with open(f"{folder}/config.json") as file:
            config = json.load(file)
        self.is_causal = config["model_type"] != "t5"
        self.model = self.opened(folder, config)
        given = read_tensors(f"{folder}/parameters.safetensors")
        self.p = {name: each.to(device).clone().requires_grad_() for name, each in given.items()}
        with open(f"{folder}/batches.json") as file:
            self.batches = [self.tensors(each) for each in json.load(file)["batches"]]
        if self.is_causal:
            self.model.first = len(self.p["prompt"]) + self.batches[0][0].shape[1] - self.batches[0][2].shape[1]
        # On a processor the check is a dry run: C++ would be compiled for minutes.
        backend = "aot_eager" if device.type == "cpu" else "inductor"
        is_compiled = mode.startswith("compile")
        self.forward = torch.compile(self.loss_of, backend=backend) if is_compiled else self.loss_of

    def opened(self, folder, config):
        """The model with its weights on the device, none trained; made without memory of its own first."""
        wanted = torch.bfloat16 if self.mode in ("narrow", "compile-narrow") else torch.float32
        with torch.device("meta"):
            model = (Llama if self.is_causal else T5)(config)
        stored = read_tensors(f"{folder}/model.safetensors")
        placed = {name: each.to(self.device).to(wanted) for name, each in stored.items()}
        model.load_state_dict(placed, assign=True)
        return model.eval().requires_grad_(False)

    def tensors(self, batch):
        split = lambda name: torch.tensor(batch[name], device=self.device).view(batch["rows"], -1)
        ids, mask, labels = split("ids"), split("mask"), split("labels")
        if self.is_causal:
            # Rows are unpadded, so that text and target lie side by side.
            return torch.cat((ids, labels), 1), torch.cat((mask, torch.ones_like(labels)), 1), labels
        return ids, mask, labels

    def offset(self, e):
        p = self.p
        wide = e.float()
        moved = wide + torch.relu(wide @ p["w_down"] + p["b_down"]) @ p["w_up"] + p["b_up"]
        return moved.to(e.dtype)

    def embedded(self, ids, mask):
        prompt = self.p["prompt"]
        e = self.offset(self.model.shared(ids))
        x = torch.cat((prompt.to(e.dtype).expand(len(ids), -1, -1), e), 1)
        return x, torch.cat((torch.ones(len(ids), len(prompt), device=mask.device), mask), 1)

    def loss_of(self, ids, mask, labels):
        x, whole = self.embedded(ids, mask)
        if not self.is_causal:
            return self.model.loss(x, whole, labels)
        before = torch.full((len(ids), x.shape[1] - labels.shape[1]), -100, device=labels.device)
        return self.model.loss(x, torch.cat((before, labels), 1))

    def narrow(self):
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.mode == "autocast")

    def step(self, asked):
        for each in self.p.values():
            each.grad = None
        with self.narrow():
            loss = self.forward(*self.batches[asked["batch"]])
        loss.backward()
        # As a trainer has them: the host waits for the loss, gradients stay.
        value = loss.item()
        norm = lambda: math.sqrt(sum(each.grad.double().square().sum().item() for each in self.p.values()))
        return lambda: {"loss": value, "norm": norm()}

    @torch.no_grad()
    def generate(self, asked):
        ids, mask, labels = self.batches[asked["batch"]]
        if self.is_causal:
            ids, mask = ids[:, : -labels.shape[1]], mask[:, : -labels.shape[1]]
        with self.narrow():
            found = self.model.generate(*self.embedded(ids, mask), asked["maxTokens"], self.offset).tolist()
        return lambda: {"ids": found}


def memory(device):
    """Peak of this process in MB: of the device where it tells, else resident."""
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device) / 2**20
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def free(device):
    if device.type != "cuda":
        return 0
    return torch.cuda.mem_get_info(device)[0] / 2**20


def is_memory(error):
    return isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)) or "can't allocate memory" in str(error)


def answered(peer, device, asked):
    if asked["call"] == "free":
        return {"milliseconds": 0, "free": free(device)}
    if device.type == "cuda":
        torch.cuda.synchronize()
    began = time.perf_counter()
    found = getattr(peer, asked["call"])(asked)
    if device.type == "cuda":
        torch.cuda.synchronize()
    milliseconds = (time.perf_counter() - began) * 1000
    return {"milliseconds": milliseconds, **found()}


def end_with(parent):
    """Ends this process when the one that started it is gone, even while something compiles."""

    def watch():
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def serve(folder, mode, device, threads):
    end_with(os.getppid())
    target = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    if threads > 0:
        torch.set_num_threads(threads)
    peer = None
    for line in sys.stdin:
        try:
            if peer is None and mode != "free":
                peer = Peer(folder, mode, device)
            answer = answered(peer, device, json.loads(line))
        except Exception as error:
            kind = "memory" if is_memory(error) else "error"
            answer = {"milliseconds": 0, "failed": kind, "message": f"{type(error).__name__}: {error}"[:2000]}
        print(json.dumps({**answer, "megabytes": memory(device), "resident": 0}), file=target, flush=True)


def main():
    call, *rest = sys.argv[1:]
    if call == "facts":
        print(json.dumps(facts()))
    elif call == "make":
        make(rest[0], device_of(rest[1]))
    else:
        folder, mode, device, threads = rest
        serve(folder, mode, device_of(device), int(threads))


if __name__ == "__main__":
    main()
