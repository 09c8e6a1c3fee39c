"""What the package gguf makes of files and of blocks:

    gguf_files.py FOLDER

FOLDER/blocks.json names blocks, each {"name", "type", "rows"} with its bytes in FOLDER/NAME.raw; their values are written to FOLDER/NAME.values as
fp32. FOLDER/files.json lists paths of GGUF files; what they say is written to FOLDER/told.json, of each tensor the sha256 of its values as fp32.
FOLDER/made-*.gguf, which may be among them, are files with metadata and tensors of many types: one alone, and a model in parts."""
import hashlib, json, pathlib, sys
import gguf
import numpy as np

folder = pathlib.Path(sys.argv[1])
TYPES = gguf.GGMLQuantizationType


def fp32(raw, kind):
    with np.errstate(all="ignore"):
        return np.ascontiguousarray(gguf.dequantize(raw, kind), dtype=np.float32)


def blocks():
    for case in json.loads((folder / "blocks.json").read_text()):
        raw = np.fromfile(folder / f"{case['name']}.raw", dtype=np.uint8).reshape(case["rows"], -1)
        fp32(raw, TYPES[case["type"]]).tofile(folder / f"{case['name']}.values")


def plain(value):
    """As JSON, with what it cannot hold as text."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value.item() if isinstance(value, np.generic) else value


def tensor(read):
    return {
        "name": read.name,
        "type": read.tensor_type.name,
        "dims": read.shape[::-1].tolist(),
        "offset": int(read.data_offset),
        "bytes": int(read.n_bytes),
        "sha256": hashlib.sha256(fp32(read.data, read.tensor_type)).hexdigest(),
    }


def files():
    told = []
    for path in json.loads((folder / "files.json").read_text()):
        reader = gguf.GGUFReader(path)
        metadata = {key: plain(field.contents()) for key, field in reader.fields.items() if not key.startswith("GGUF.")}
        told.append({"metadata": metadata, "tensors": [tensor(each) for each in reader.tensors]})
    (folder / "told.json").write_text(json.dumps(told))


def fill(writer, random):
    for bits in (8, 16, 32, 64):
        for sign, kind in ((f"uint{bits}", np.iinfo(f"uint{bits}")), (f"int{bits}", np.iinfo(f"int{bits}"))):
            # Integers beyond 2^53 are refused.
            limit = 2**53 - 1
            getattr(writer, f"add_{sign}")(f"most.{sign}", min(int(kind.max), limit))
            getattr(writer, f"add_{sign}")(f"least.{sign}", max(int(kind.min), -limit))
    writer.add_float32("some.float32", 1e-5)
    writer.add_float64("some.float64", 0.1)
    writer.add_bool("some.yes", True)
    writer.add_bool("some.no", False)
    writer.add_string("some.text", "é\u0000𝄞 {%- if x %}")
    writer.add_array("some.texts", ["a", "Ġb", "", "é"])
    writer.add_array("some.integers", [1, -2, 3])
    writer.add_array("some.floats", [0.1, -1e30])
    writer.add_array("some.flags", [True, False])
    for name, kind in (("q8", "Q8_0"), ("q4", "Q4_0"), ("q41", "Q4_1"), ("q5", "Q5_0"), ("q51", "Q5_1"), ("half", "F16"), ("brain", "BF16")):
        for dims in ((3, 64), (32,), (2, 3, 96), (2, 1, 2, 32)):
            values = random.standard_normal(dims).astype(np.float32)
            writer.add_tensor(f"{name}.{len(dims)}", gguf.quantize(values, TYPES[kind]), raw_dtype=TYPES[kind])
    writer.add_tensor("plain", random.standard_normal((7, 5)).astype(np.float32))


def make(name, **options):
    writer = gguf.GGUFWriter(None, "llama", **options)
    fill(writer, np.random.default_rng(3))
    writer.write_header_to_file(folder / name)
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


make("made-one.gguf")
make("made-parts.gguf", split_max_tensors=10)
blocks()
files()
