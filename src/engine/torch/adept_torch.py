"""Computes programs with PyTorch for ADePT Lab, which starts this file and speaks with it through two pipes.

Arguments: the token that opens the answers, the device, the number of threads (0: PyTorch's own choice), and "tf32" or
"exact". A frame is the magic number, the length of a JSON header (4 bytes), that of the data behind it (8 bytes), the
header and the data. The process ends when its input does. Needs torch 2.1 or later and nothing else.
"""

import ctypes
import json
import mmap
import os
import struct
import sys
import threading
import time
import weakref

MAGIC = 0x54504441
HEAD = struct.Struct("<IIQ")
LONGEST_HEADER = 1 << 28
# Data of tensors start at multiples of it.
ALIGNED = 8
OLDEST = (2, 1)
# After this many runs of a program at the same sizes, a graph of its kernels is recorded.
RECORDED_AFTER = 2
MOST_RECORDED = 24


class Pipes:
    """Frames on the standard streams. What libraries print goes to the error stream."""

    def __init__(self, token):
        self.source = os.fdopen(os.dup(0), "rb", buffering=1 << 20)
        self.target = os.fdopen(os.dup(1), "wb", buffering=1 << 20)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        self.target.write(token.encode())
        self.target.flush()

    def exactly(self, length):
        data = bytearray(length)
        view, done = memoryview(data), 0
        while done < length:
            count = self.source.readinto(view[done:])
            if not count:
                raise EOFError
            done += count
        return data

    def receive(self):
        magic, header, data = HEAD.unpack(self.exactly(HEAD.size))
        if magic != MAGIC or header > LONGEST_HEADER:
            raise ValueError("the input is not a frame")
        return json.loads(self.exactly(header)), self.exactly(data)

    def send(self, header, parts=()):
        text = json.dumps(header).encode()
        self.target.write(HEAD.pack(MAGIC, len(text), sum(len(part) for part in parts)))
        self.target.write(text)
        for part in parts:
            self.target.write(part)
        self.target.flush()


def end_with(parent):
    """Ends this process when the one that started it is gone, even in the middle of a product."""

    def watch():
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    if os.name == "posix":
        threading.Thread(target=watch, daemon=True).start()


def import_torch():
    global torch
    """Imports torch, and makes it a name of this file; where only the user's own folder of packages has it, that folder is added, without its hooks."""
    try:
        import torch
    except ModuleNotFoundError as error:
        import site

        own = site.getusersitepackages()
        if error.name != "torch" or not os.path.isdir(os.path.join(own, "torch")):
            raise
        sys.path.append(own)
        import torch


def version_of():
    parts = torch.__version__.split("+")[0].split(".")
    return tuple(int("".join(c for c in part if c.isdigit()) or 0) for part in parts[:2])


def choose_device(wanted):
    """The torch.device of a name; "auto" is the first graphics processor, else the processor. None: there is none."""
    mps = getattr(torch.backends, "mps", None)
    there = {"cuda": torch.cuda.is_available(), "mps": mps is not None and mps.is_available(), "cpu": True}
    if wanted == "auto":
        return torch.device(next(name for name in ("cuda", "mps", "cpu") if there[name]))
    kind, _, index = wanted.replace("rocm", "cuda").partition(":")
    if not there[kind] or (kind == "cuda" and int(index or 0) >= torch.cuda.device_count()):
        return None
    if wanted.startswith("rocm") and torch.version.hip is None:
        return None
    return torch.device(kind, int(index)) if index else torch.device(kind)


def processor_flags():
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            line = next((each for each in file if each.startswith("flags")), "")
    except OSError:
        return set()
    return set(line.split())


def has_bf16(device):
    """Whether the hardware multiplies in bf16."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    if device.type == "cpu":
        return bool(processor_flags() & {"avx512_bf16", "amx_bf16"})
    return False


def processors():
    """What is known about each graphics processor: bytes free and in all, and its name."""
    found = []
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        free, total = torch.cuda.mem_get_info(index)
        found.append({"index": index, "name": torch.cuda.get_device_name(index), "free": free, "total": total})
    return found


def described(device):
    driver = None
    if device.type == "cuda":
        driver = f"ROCm {torch.version.hip}" if torch.version.hip else f"CUDA {torch.version.cuda}"
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    return {
        "torch": torch.__version__,
        "python": sys.version.split()[0],
        "executable": sys.executable,
        "device": str(device),
        "name": name,
        "runtime": driver,
        "bf16": has_bf16(device),
        "processors": processors(),
    }


def is_memory(error):
    if isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)):
        return True
    # The processor's and Apple's allocators raise plain RuntimeErrors.
    return isinstance(error, RuntimeError) and any(
        words in str(error) for words in ("can't allocate memory", "out of memory", "not enough memory")
    )


def failure(error):
    import traceback

    kind = "memory" if is_memory(error) else "error"
    lines = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return {"error": {"kind": kind, "message": f"{type(error).__name__}: {error}", "stack": lines[-8000:]}}


def rms_inverse(x, epsilon):
    return (x.square().mean(-1, keepdim=True)).add_(epsilon).rsqrt_()


def gather(table, ids):
    """Rows in fp32, whatever the table is stored in."""
    flat = ids.reshape(-1)
    rows = table.rows(flat) if isinstance(table, Scaled) else table.index_select(0, flat).to(torch.float32)
    return rows.reshape(*ids.shape, *rows.shape[1:])


def reorder(x, at, is_row=None):
    rows = x.index_select(0, at)
    return rows if is_row is None else rows.mul_(is_row.to(rows.dtype))


def scatter_add(ids, updates, shape):
    table = torch.zeros(shape, dtype=torch.float32, device=updates.device)
    return table.index_add_(0, ids.reshape(-1).to(torch.int64), updates.reshape(-1, *shape[1:]))


def rotate_halves(x, cos, sin):
    one, two = x.chunk(2, -1)
    return torch.cat((one * cos - two * sin, two * cos + one * sin), -1).to(x.dtype)


def rotate_neighbours(x, cos, sin):
    one, two = x[..., 0::2], x[..., 1::2]
    both = torch.stack((one * cos - two * sin, two * cos + one * sin), -1)
    return both.reshape(x.shape).to(x.dtype)


def cross_entropy(logits, normaliser, labels):
    safe = labels.clamp(min=0).to(torch.int64).unsqueeze(-1)
    return (normaliser - logits.gather(-1, safe)).squeeze(-1) * (labels >= 0)


def cross_entropy_gradient(shifted, labels, g):
    """(softmax - one-hot) g, in the place of the logits minus their normaliser."""
    shares = shifted.exp_()
    safe = labels.clamp(min=0).to(torch.int64).unsqueeze(-1)
    shares.scatter_add_(-1, safe, torch.full(safe.shape, -1.0, device=shares.device))
    return shares.mul_((g * (labels >= 0)).unsqueeze(-1))


class Packed:
    """A frozen matrix in bf16, laid out once for the processor's kernel of x M^T."""

    def __init__(self, matrix):
        self.laid = torch.ops.mkldnn._reorder_linear_weight(matrix.contiguous())

    def times(self, x):
        return torch.ops.mkldnn._linear_pointwise(x, self.laid, None, "none", [], "")


def packs(device):
    """Whether matrices can be packed; the names are PyTorch's inner ones, so a version may lack or change them."""
    if device.type != "cpu" or not has_bf16(device):
        return False
    x = torch.arange(96, dtype=torch.float32).sin().reshape(2, 3, 16).to(torch.bfloat16)
    matrix = torch.arange(128, dtype=torch.float32).cos().reshape(8, 16).to(torch.bfloat16)
    try:
        return torch.allclose(Packed(matrix).times(x).float(), (x @ matrix.mT).float(), atol=0.1, rtol=0)
    except Exception:
        return False


def by_rows(x, matrix):
    """x M^T"""
    return matrix.times(x) if isinstance(matrix, Packed) else torch.nn.functional.linear(x, matrix)


def by_columns(x, matrix):
    """x M, of a matrix that is packed as its transpose."""
    return matrix.times(x) if isinstance(matrix, Packed) else x @ matrix


# Up to so many scores the processor's products by whole matrices are faster than its kernel that keeps none.
MOST_SCORES = 1 << 23


def keeps_scores(query, key):
    scores = query.numel() // query.shape[-1] * key.shape[2]
    return query.device.type == "cpu" and query.dtype == torch.bfloat16 and scores <= MOST_SCORES


def dense(tensor, dtype):
    return tensor.to(dtype, memory_format=torch.contiguous_format).contiguous()


def scored_attention(query, key, bias, value):
    """Attention by its scores, which are fp32 until their softmax; its gradient reads the shares."""
    groups = query.shape[1] // key.shape[1]
    key, value = (each.repeat_interleave(groups, 1) if groups > 1 else each for each in (key, value))
    scores = dense(query, torch.float32) @ dense(key, torch.float32).mT
    shares = torch.softmax(scores.add_(bias), -1).to(query.dtype)
    value = dense(value, value.dtype)
    result = shares @ value
    return result, (result, (dense(query, query.dtype), dense(key, key.dtype), value, shares, groups), bias)


def scored_gradient(context, g, wanted):
    result, (query, key, value, shares, groups), bias = context
    g = dense(g, query.dtype)
    mean = (g.float() * result).sum(-1, keepdim=True)
    slopes = (g @ value.mT).float().sub_(mean).mul_(shares)
    found = {2: slopes.sum_to_size(bias.shape).to(bias.dtype)} if 2 in wanted else {}
    slopes = slopes.to(query.dtype)
    if 0 in wanted:
        found[0] = slopes @ key
    if 1 in wanted:
        found[1] = of_groups(slopes.mT @ query, groups)
    if 3 in wanted:
        found[3] = of_groups(shares.mT @ g, groups)
    return found


def of_groups(gradient, groups):
    """The gradient of heads that several queries' heads share."""
    return gradient.unflatten(1, (-1, groups)).sum(2) if groups > 1 else gradient


def attention(query, key, bias, value):
    """The result, and what its gradient reads: the kernel keeps no scores, it computes them again."""
    if keeps_scores(query, key):
        return scored_attention(query, key, bias, value)
    groups = query.shape[1] // key.shape[1]
    with torch.enable_grad():
        own = [each.detach().requires_grad_() for each in (query, key, value)]
        wide = [own[0]] + [each.repeat_interleave(groups, 1) if groups > 1 else each for each in own[1:]]
        result = torch.nn.functional.scaled_dot_product_attention(*wide, attn_mask=bias, scale=1.0)
    return result.detach(), (result, own, bias)


def attention_gradient(context, g, wanted):
    result, own, bias = context
    # Only attention by its scores keeps more than its three operands.
    if len(own) > 3:
        return scored_gradient(context, g, wanted)
    if 2 in wanted:
        return with_bias(own, bias, g, wanted)
    named = {0: own[0], 1: own[1], 3: own[2]}
    # Another loss may read the same context; it ends with the last reader.
    found = torch.autograd.grad(result, [named[each] for each in wanted], g, retain_graph=True)
    return dict(zip(wanted, found))


def with_bias(own, bias, g, wanted):
    """Where the scores' bias is trained the kernel for it is the plain one."""
    groups = own[0].shape[1] // own[1].shape[1]
    with torch.enable_grad():
        query, key, value = own
        free = bias.detach().requires_grad_()
        wide = [each.repeat_interleave(groups, 1) if groups > 1 else each for each in (key, value)]
        shares = torch.softmax((query @ wide[0].mT + free).float(), -1).to(query.dtype)
        named = {0: query, 1: key, 2: free, 3: value}
        found = torch.autograd.grad(shares @ wide[1], [named[each] for each in wanted], g)
    return dict(zip(wanted, found))


def layer_norm(x, scale, shift, epsilon):
    result, mean, rstd = torch.native_layer_norm(x, x.shape[-1:], scale, shift, epsilon)
    return result, (x, scale, shift, mean, rstd)


def layer_norm_gradient(context, g, wanted):
    x, scale, shift, mean, rstd = context
    mask = [each in wanted for each in range(3)]
    return torch.ops.aten.native_layer_norm_backward(g, x, x.shape[-1:], mean, rstd, scale, shift, mask)


def operations():
    """What programs call, by name."""
    functional, aten = torch.nn.functional, torch.ops.aten
    return {
        "torch": torch,
        "by_rows": by_rows,
        "by_columns": by_columns,
        "relu_gradient": lambda x, g: aten.threshold_backward(g, x, 0),
        "gelu": functional.gelu,
        "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"),
        "silu": functional.silu,
        "gelu_gradient": lambda x, g: aten.gelu_backward(g, x),
        "gelu_tanh_gradient": lambda x, g: aten.gelu_backward(g, x, approximate="tanh"),
        "silu_gradient": lambda x, g: aten.silu_backward(g, x),
        "rms_inverse": rms_inverse,
        "gather": gather,
        "reorder": reorder,
        "scatter_add": scatter_add,
        "rotate_halves": rotate_halves,
        "rotate_neighbours": rotate_neighbours,
        "cross_entropy": cross_entropy,
        "cross_entropy_gradient": cross_entropy_gradient,
        "attention": attention,
        "attention_gradient": attention_gradient,
        "layer_norm": layer_norm,
        "layer_norm_gradient": layer_norm_gradient,
    }


class Scaled:
    """The levels of a matrix, (rows, width) or two in a byte; the scale of each group of a row, (rows, groups), and what
    is added to the values of the group."""

    def __init__(self, levels, kind, scales, offsets):
        self.levels, self.kind, self.scales, self.offsets = levels, kind, scales, offsets

    def to(self, dtype):
        return self.wide(self.levels, self.scales, self.offsets).to(dtype)

    def rows(self, ids):
        picked = [None if each is None else each.index_select(0, ids) for each in (self.scales, self.offsets)]
        return self.wide(self.levels.index_select(0, ids), *picked)

    def wide(self, levels, scales, offsets):
        if self.kind != "int8":
            levels = torch.stack((levels & 15, levels >> 4), -1).flatten(-2)
        if self.kind == "int4":
            levels = (levels ^ 8).to(torch.int8) - 8
        grouped = levels.reshape(*scales.shape, -1).to(torch.float32).mul_(scales.unsqueeze(-1))
        if offsets is not None:
            grouped.add_(offsets.unsqueeze(-1))
        return grouped.reshape(levels.shape)


def state_of(file):
    """What tells a file from one that took its place."""
    found = os.stat(file)
    return file, found.st_size, found.st_mtime_ns


class Weights:
    """Frozen tensors, mapped from their own files and put on the device once for all programs that use them."""

    def __init__(self, device):
        self.device = device
        self.files, self.made = weakref.WeakValueDictionary(), weakref.WeakValueDictionary()
        self.types = {
            "float32": torch.float32,
            "float16": torch.float16,
            "bfloat16": torch.bfloat16,
            "int8": torch.int8,
            "int4": torch.uint8,
            "uint4": torch.uint8,
        }
        self.packs = packs(device)

    def mapped(self, file):
        found = self.files.get(state_of(file))
        if found is None:
            with open(file, "rb") as opened:
                # A private copy of a page would be made only if something wrote to it.
                found = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_COPY)
            self.files[state_of(file)] = found
        return found

    def raw(self, file, offset, length, dtype):
        mapped = self.mapped(file)
        if offset < 0 or length < 0 or offset + length > len(mapped):
            raise ValueError(f"{file} ends before byte {offset + length}")
        size = torch.empty((), dtype=dtype).element_size()
        if length == 0:
            return torch.empty(0, dtype=dtype)
        if offset % size:
            return torch.frombuffer(bytearray(mapped[offset : offset + length]), dtype=dtype)
        return torch.frombuffer(mapped, dtype=dtype, count=length // size, offset=offset)

    def get(self, place):
        if place["as"] == place["type"]:
            # A table whose rows are read and that is multiplied by too is on the device once.
            place = {**place, "as": "stored"}
        if not self.packs and place["as"] in ("rows", "columns"):
            place = {**place, "as": "bfloat16"}
        key = (*state_of(place["file"]), place["offset"], place["as"], tuple(place["dims"]))
        found = self.made.get(key)
        if found is None:
            found = self.make(place)
            self.made[key] = found
        return found

    def make(self, place):
        device, dims, wanted = self.device, place["dims"], place["as"]
        kind = place["type"]
        stored = self.raw(place["file"], place["offset"], place["bytes"], self.types[kind])
        stored = stored.reshape([dims[0], -1] if kind in ("int4", "uint4") else dims).to(device)
        if "scales" in place:
            groups = [dims[0], dims[1] // place.get("group", dims[1])]
            numbers = [self.numbers(place["file"], place.get(each), groups) for each in ("scales", "offsets")]
            stored = Scaled(stored, kind, *numbers)
        if wanted in ("rows", "columns"):
            matrix = stored.to(torch.bfloat16)
            return Packed(matrix if wanted == "rows" else matrix.mT)
        return stored if wanted == "stored" else stored.to(self.types[wanted])

    def numbers(self, file, offset, dims):
        if offset is None:
            return None
        return self.raw(file, offset, 4 * dims[0] * dims[1], torch.float32).reshape(dims).to(self.device)


def bytes_of(tensor):
    """The bytes of a contiguous tensor of the processor, without a copy; NumPy need not be there."""
    length = tensor.numel() * tensor.element_size()
    if length == 0:
        return b""
    lent = (ctypes.c_char * length).from_address(tensor.data_ptr())
    lent.owner = tensor  # which lives as long as the view of its memory
    return memoryview(lent)


class Program:
    """A compiled function with its weights and constants."""

    def __init__(self, run, weights, constants):
        self.run, self.weights, self.constants = run, weights, constants
        self.counts, self.recorded = {}, {}

    def plain(self, feeds):
        return self.run(feeds, self.weights, self.constants)


class Recorder:
    """Records the kernels of a program at sizes that come again, so that the GPU need not wait for Python."""

    def __init__(self, device):
        self.device = device
        self.off = None if device.type == "cuda" else "not on this device"
        self.pool = None

    def compute(self, program, feeds):
        if self.off is not None:
            return program.plain(feeds)
        key = tuple((name, tuple(feed.shape), feed.dtype) for name, feed in sorted(feeds.items()))
        recorded = program.recorded.get(key)
        if recorded is None and self.is_due(program, key):
            recorded = self.record(program, key, feeds)
        if recorded is None:
            return program.plain(feeds)
        graph, held, results = recorded
        for name, feed in feeds.items():
            held[name].copy_(feed)
        graph.replay()
        return results

    def is_due(self, program, key):
        program.counts[key] = program.counts.get(key, 0) + 1
        return program.counts[key] > RECORDED_AFTER and len(program.recorded) < MOST_RECORDED

    def record(self, program, key, feeds):
        held = {name: feed.clone() for name, feed in feeds.items()}
        try:
            torch.cuda.synchronize()
            graph = torch.cuda.CUDAGraph()
            self.pool = self.pool or torch.cuda.graph_pool_handle()
            with torch.cuda.graph(graph, pool=self.pool):
                results = program.plain(held)
            program.recorded[key] = graph, held, results
            return program.recorded[key]
        except Exception as error:  # what a driver cannot record, it still computes
            torch.cuda.synchronize()
            self.off = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            return None


class Worker:
    """Answers calls, one after the other."""

    def __init__(self, device):
        self.device = device
        self.names = operations()
        self.weights = Weights(device)
        self.recorder = Recorder(device)
        self.programs, self.held, self.chosen, self.count = {}, {}, {}, 0
        self.told = None
        self.types = {"float32": torch.float32, "int32": torch.int32, "bool": torch.bool}

    def tensor(self, form, data, at):
        dtype = self.types[form["type"]]
        count = 1
        for size in form["dims"]:
            count *= size
        size = torch.empty((), dtype=dtype).element_size()
        if at + count * size > len(data):
            raise ValueError(f"{form['name']} is longer than its frame")
        if count == 0:
            return torch.empty(form["dims"], dtype=dtype, device=self.device)
        flat = torch.frombuffer(data, dtype=dtype, count=count, offset=at)
        return flat.reshape(form["dims"]).to(self.device, non_blocking=True)

    def tensors(self, forms, data):
        """The tensors of a frame, which has no bytes but theirs: others would be a sender's mistake."""
        found = {each["name"]: self.tensor(each, data, each["at"]) for each in forms}
        end = max((each["at"] + found[each["name"]].nbytes for each in forms), default=0)
        if len(data) - end >= ALIGNED:
            raise ValueError(f"the frame has {len(data)} bytes, its tensors end at {end}")
        return found

    def compile(self, call, data):
        names = dict(self.names)
        exec(compile(call["source"], "<program>", "exec"), names)  # the source is this product's own
        weights = {each["name"]: self.weights.get(each) for each in call["weights"]}
        constants = {name: each.clone() for name, each in self.tensors(call["constants"], data).items()}
        self.count += 1
        self.programs[self.count] = Program(names["run"], weights, constants)
        return {"program": self.count}, ()

    def run(self, call, data):
        program = self.programs[call["program"]]
        with torch.no_grad():
            feeds = self.tensors(call["feeds"], data)
            feeds.update((each["name"], self.rows(each)) for each in call.get("held", ()))
            # Sizes of what is held change from step to step.
            results = program.plain(feeds) if call.get("held") else self.recorder.compute(program, feeds)
            header, parts = self.answer(results, call.get("hosted"))
        return {"results": header, **self.notes()}, parts

    def answer(self, results, hosted):
        """The forms of the results, and the bytes of those that the caller reads; the others are held."""
        header, parts = [], []
        for name, result in results.items():
            form = {"name": name, "type": str(result.dtype).split(".")[1], "dims": list(result.shape)}
            if hosted is not None and name not in hosted:
                self.count += 1
                # A recorded program writes its next results to the same place.
                self.held[self.count] = result.clone(memory_format=torch.contiguous_format)
                form["held"] = self.count
            else:
                parts.append(bytes_of(result.contiguous().cpu()))
            header.append(form)
        return header, parts

    def rows(self, form):
        """A held tensor, or some of its rows; the latest choice of rows is kept, since steps repeat it."""
        number, rows = form["held"], form.get("rows")
        if rows is None:
            return self.held[number]
        known = self.chosen.get(number)
        if known is None or known[0] != rows:
            index = torch.tensor(rows, dtype=torch.int64, device=self.device)
            known = rows, self.held[number].index_select(0, index)
            self.chosen[number] = known
        return known[1]

    def free(self, numbers):
        for number in numbers:
            self.held.pop(number, None)
            self.chosen.pop(number, None)

    def notes(self):
        """What is to be told once: that kernels cannot be recorded."""
        off = self.recorder.off
        if self.device.type != "cuda" or off is None or self.told == off:
            return {}
        self.told = off
        return {"notes": [off]}

    def release(self, call, data):
        del self.programs[call["program"]]
        return {}, ()

    def memory(self, call, data):
        if self.device.type != "cuda":
            return {}, ()
        free, total = torch.cuda.mem_get_info(self.device)
        peak = torch.cuda.max_memory_reserved(self.device)
        return {"free": free, "total": total, "peak": peak}, ()


def set_up(device, threads, exactness):
    if threads > 0:
        torch.set_num_threads(threads)
    tf32 = exactness == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32
    torch.set_float32_matmul_precision("high" if tf32 else "highest")
    if device.type == "cuda":
        # Sums whose order varies would make a resumed run another one.
        torch.use_deterministic_algorithms(True, warn_only=True)
        if hasattr(torch.utils, "deterministic"):
            # Nothing here reads memory that was not written; filling it would take time.
            torch.utils.deterministic.fill_uninitialized_memory = False
        torch.cuda.set_device(device)


def opened(pipes, wanted):
    """Imports torch and finds the device; tells the reason and returns None where there is none."""
    try:
        import_torch()
    except BaseException as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name == "torch"
        pipes.send({"refused": "missing" if missing else "broken", "detail": f"{type(error).__name__}: {error}"})
        return None
    if version_of() < OLDEST:
        pipes.send({"refused": "old", "detail": torch.__version__})
        return None
    try:
        device = choose_device(wanted)
        if device is None:
            pipes.send({"refused": "device", "detail": torch.__version__})
            return None
        return device, described(device)
    except Exception as error:
        pipes.send({"refused": "broken", "detail": f"{type(error).__name__}: {error}"})
        return None


def main():
    token, wanted, threads, exactness = sys.argv[1:5]
    end_with(os.getppid())
    pipes = Pipes(token)
    found = opened(pipes, wanted)
    if found is None:
        return
    device, told = found
    set_up(device, int(threads), exactness)
    worker = Worker(device)
    pipes.send(told)
    calls = {each.__name__: each for each in (worker.compile, worker.run, worker.release, worker.memory)}
    while True:
        try:
            call, data = pipes.receive()
        except EOFError:
            return
        try:
            if call["call"] not in calls:
                raise ValueError(f"there is no call {call['call']!r}")
            worker.free(call.get("free", ()))
            header, parts = calls[call["call"]](call, data)
        except Exception as error:
            header, parts = failure(error), ()
        pipes.send(header, parts)


if __name__ == "__main__":
    main()
