"""Writes Parquet files with columns of every type that Arrow can store there, and says each value as pyarrow reads it back:

    stdin, a line each: [PATH, SEED, WRITER]; WRITER are options of pyarrow.parquet.write_table
    stdout, a line each: {COLUMN: [VALUE of each row]}

A VALUE is {"text": ...}, {"number": ...} (a float's shortest digits), {"list": [...]}, {"turns": [{...}]} or {"none": WHY}."""
import datetime, decimal, json, random, struct, sys, traceback, uuid
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ROWS = 40
NULLS = 0.15
WORDS = ["", "a", "é", "日本", "😀", 'q"', "line\nbreak", "two\r\nlines", "old\rline", "x" * 300, "\u2028", "0", "NaN"]
UNITS = ["s", "ms", "us", "ns"]
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
# The years 1 to 9999, in seconds since 1970.
FIRST, LAST = -62135596800, 253402300799


def integers(bits, signed):
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return lambda r: r.choice([low, high, 0, 1, low + 1, high - 1, r.randint(low, high), r.randint(max(low, -100), min(high, 100))])


def floats(code):
    def draw(r):
        bits = struct.calcsize(code) * 8
        return r.choice([0.0, -0.0, 0.1, 3.8, 1e-3, 100000.0 if code != "e" else 1000.0, struct.unpack("<" + code, r.getrandbits(bits).to_bytes(bits // 8, "little"))[0]])

    return draw


def decimals(precision, scale):
    def draw(r):
        digits = r.choice([0, 1, 10**precision - 1, r.randrange(10**precision), r.randrange(10 ** (1 + precision // 3))])
        return decimal.Decimal((r.randrange(2), tuple(map(int, str(digits))), -scale))

    return draw


def instants(unit):
    per = PER_SECOND[unit]
    low, high = max(FIRST * per, -(2**63) + 1), min(LAST * per, 2**63 - 1)
    return lambda r: r.choice([0, -1, 1, low, high, r.randint(low, high), r.randint(10**9 * per, 2 * 10**9 * per)])


def times(unit):
    return lambda r: r.choice([0, 1, 86400 * PER_SECOND[unit] - 1, r.randrange(86400 * PER_SECOND[unit])])


words = lambda r: r.choice([*WORDS, str(r.random())])
raw = lambda r: r.choice([b"", b"text", b"\xff\xfe\x00", "é".encode(), r.randbytes(r.randrange(20)), b"\xef\xbb\xbfmark"])
fixed = lambda r: r.choice([b"four", b"\xff\x00\x01\x02", r.randbytes(4)])

# NAME: (type, how a value is drawn)
PLAIN = {
    **{f"int{b}": (getattr(pa, f"int{b}")(), integers(b, True)) for b in (8, 16, 32, 64)},
    **{f"uint{b}": (getattr(pa, f"uint{b}")(), integers(b, False)) for b in (8, 16, 32, 64)},
    "float16": (pa.float16(), floats("e")),
    "float32": (pa.float32(), floats("f")),
    "float64": (pa.float64(), floats("d")),
    **{f"decimal128_{p}_{s}": (pa.decimal128(p, s), decimals(p, s)) for p, s in [(1, 0), (4, 2), (9, 9), (18, 4), (19, 0), (38, 10), (38, 38)]},
    **{f"decimal256_{p}_{s}": (pa.decimal256(p, s), decimals(p, s)) for p, s in [(5, 1), (39, 0), (76, 38)]},
    "date32": (pa.date32(), lambda r: r.choice([0, -1, FIRST // 86400, LAST // 86400, r.randint(-10000, 30000)])),
    "date64": (pa.date64(), lambda r: 86400000 * r.choice([0, -1, r.randint(-10000, 30000)])),
    **{f"time_{u}": ((pa.time32 if u in ("s", "ms") else pa.time64)(u), times(u)) for u in UNITS},
    **{f"timestamp_{u}": (pa.timestamp(u), instants(u)) for u in UNITS},
    **{f"timestamp_{u}_utc": (pa.timestamp(u, "UTC"), instants(u)) for u in UNITS},
    **{f"timestamp_{u}_zone": (pa.timestamp(u, "Asia/Kolkata"), instants(u)) for u in UNITS},
    **{f"duration_{u}": (pa.duration(u), integers(40, True)) for u in UNITS},
    "bool": (pa.bool_(), lambda r: r.random() < 0.5),
    "string": (pa.string(), words),
    "large_string": (pa.large_string(), words),
    "string_view": (pa.string_view(), words),
    "binary": (pa.binary(), raw),
    "large_binary": (pa.large_binary(), raw),
    "binary_view": (pa.binary_view(), raw),
    "fixed_binary": (pa.binary(4), fixed),
    "uuid": (pa.uuid(), lambda r: uuid.UUID(int=r.getrandbits(128)).bytes),
    "null": (pa.null(), lambda r: None),
}


def storage(kind, values):
    """An array of a type, from the integers that it stores where it is one of time."""
    if pa.types.is_date(kind) or pa.types.is_time(kind) or pa.types.is_timestamp(kind) or pa.types.is_duration(kind):
        return pa.array(values, pa.int32() if kind.bit_width == 32 else pa.int64()).cast(kind)
    if isinstance(kind, pa.UuidType):
        return pa.ExtensionArray.from_storage(kind, pa.array(values, pa.binary(16)))
    return pa.array(values, kind)


def shortest(value, code):
    for digits in range(1, 18):
        text = f"{value:.{digits}g}"
        try:
            if struct.pack(code, float(text)) == struct.pack(code, value):
                return text
        except OverflowError:
            continue
    raise ValueError(value)


def instant_text(count, unit, zone):
    seconds, part = divmod(count, PER_SECOND[unit])
    day = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    digits = len(str(PER_SECOND[unit])) - 1
    return f"{day.isoformat()}.{part:0{digits}}{zone}"


def time_text(count, unit):
    seconds, part = divmod(count, PER_SECOND[unit])
    digits = len(str(PER_SECOND[unit])) - 1
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{part:0{digits}}"


def bytes_value(value):
    try:
        return {"text": value.decode("utf-8")}
    except UnicodeDecodeError:
        return {"none": "bytes"}


def said(array):
    """The values of an array of a plain type, as it was read back."""
    kind = array.type
    count = lambda: array.cast(pa.int64()).to_pylist() if kind.bit_width == 64 else array.cast(pa.int32()).to_pylist()
    if pa.types.is_null(kind):
        return [{"none": "null"} for _ in array]
    if pa.types.is_timestamp(kind):
        zone = "" if kind.tz is None else "Z"
        texts = [value if value is None else instant_text(value, kind.unit, zone) for value in count()]
    elif pa.types.is_time(kind):
        texts = [value if value is None else time_text(value, kind.unit) for value in count()]
    elif pa.types.is_duration(kind):
        texts = [value if value is None else str(value) for value in count()]
    elif pa.types.is_date(kind):
        texts = [value if value is None else value.isoformat() for value in array.to_pylist()]
    elif pa.types.is_decimal(kind):
        texts = [value if value is None else format(value, "f") for value in array.to_pylist()]
    elif pa.types.is_boolean(kind):
        texts = [value if value is None else str(value).lower() for value in array.to_pylist()]
    elif pa.types.is_floating(kind):
        code = {16: "e", 32: "f", 64: "d"}[kind.bit_width]
        return [number(value, code) for value in array.to_pylist()]
    elif isinstance(kind, pa.UuidType):
        texts = [value if value is None else str(value) for value in array.to_pylist()]
    elif any(test(kind) for test in (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view, pa.types.is_fixed_size_binary)):
        return [{"none": "null"} if value is None else bytes_value(value) for value in array.to_pylist()]
    else:
        texts = [value if value is None else str(value) for value in array.to_pylist()]
    return [{"none": "null"} if text is None else {"text": text} for text in texts]


def number(value, code):
    if value is None:
        return {"none": "null"}
    if value != value:
        return {"none": "nan"}
    if value in (float("inf"), float("-inf")):
        return {"none": "infinity"}
    return {"number": shortest(value, code)}


def nulls(r, draw):
    return lambda: None if r.random() < NULLS else draw(r)


def columns(r):
    """Every plain type; and dictionaries, lists, structures and maps of some of them."""
    made = {}
    for name, (kind, draw) in PLAIN.items():
        made[name] = storage(kind, [nulls(r, draw)() for _ in range(ROWS)])
    made["dictionary"] = pa.array([nulls(r, words)() for _ in range(ROWS)], pa.string()).dictionary_encode()
    texts = lambda: nulls(r, lambda _: [words(r) for _ in range(r.randrange(4))])()
    for name, kind in (("list", pa.list_(pa.string())), ("large_list", pa.large_list(pa.string()))):
        made[name] = pa.array([texts() for _ in range(ROWS)], kind)
    made["fixed_list"] = pa.array([nulls(r, lambda _: [words(r), words(r)])() for _ in range(ROWS)], pa.list_(pa.string(), 2))
    made["numbers"] = pa.array([nulls(r, lambda _: [r.randrange(9)])() for _ in range(ROWS)], pa.list_(pa.int64()))
    # pyarrow writes no views inside others.
    some = [name for name in PLAIN if name not in ("uuid", "null", "string_view", "binary_view")]
    made["struct"] = pa.StructArray.from_arrays([made[name] for name in some], some)
    keys = [[f"k{i}" for i in range(r.randrange(3))] for _ in range(ROWS)]
    made["map"] = pa.array([[(key, r.randrange(-5, 2**40)) for key in own] for own in keys], pa.map_(pa.string(), pa.int64()))
    lengths = [r.choice([None, 1, 2]) for _ in range(ROWS)]
    offsets = [0]
    for length in lengths:
        offsets.append(offsets[-1] + (length or 0))
    inner = {name: storage(PLAIN[name][0], [nulls(r, PLAIN[name][1])() for _ in range(offsets[-1])]) for name in some}
    starts = pa.array([None if length is None else at for at, length in zip(offsets, lengths)] + [offsets[-1]], pa.int32())
    made["turns"] = pa.ListArray.from_arrays(starts, pa.StructArray.from_arrays(list(inner.values()), some))
    return made


def expected(table):
    told = {}
    for name in table.column_names:
        array = table[name].combine_chunks()
        array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
        kind = array.type
        if pa.types.is_dictionary(kind):
            told[name] = said(array.cast(kind.value_type))
        elif name == "struct":
            for i, field in enumerate(kind):
                told[f"struct.{field.name}"] = said(array.field(i))
        elif name == "map":
            rows = [dict(own or []) for own in array.to_pylist()]
            for key in ("k0", "k1"):
                told[f"map.{key}"] = [{"text": str(row[key])} if key in row else {"none": "missing"} for row in rows]
        elif name == "turns":
            values = array.values
            fields = {field.name: said(values.field(i)) for i, field in enumerate(values.type)}
            at = array.offsets.to_pylist()
            told[name] = [
                {"turns": [{key: own[place] for key, own in fields.items()} for place in range(at[row], at[row + 1])]} if valid else {"none": "null"}
                for row, valid in enumerate(array.is_valid().to_pylist())
            ]
        elif name == "numbers":
            told[name] = [{"none": "null" if value is None else "list"} for value in array.to_pylist()]
        elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
            told[name] = [{"none": "null"} if value is None else {"list": value} for value in array.to_pylist()]
        else:
            told[name] = said(array)
    return told


def answer(path, seed, writer):
    table = pa.table(columns(random.Random(seed)))
    if writer.get("use_deprecated_int96_timestamps"):
        # pyarrow reads 96 bits as nanoseconds, which the years 1 to 9999 do not fit.
        table = table.select([name for name in table.column_names if name.startswith("timestamp_ns")])
    if writer.get("version") == "1.0":
        # It has no nanoseconds, and pyarrow cuts none unasked.
        table = table.drop([name for name in table.column_names if name.endswith("_ns") or "_ns_" in name or name in ("struct", "turns")])
    if "column_encoding" in writer:
        fits = {pa.types.is_integer: "DELTA_BINARY_PACKED", pa.types.is_floating: "BYTE_STREAM_SPLIT", pa.types.is_string: "DELTA_BYTE_ARRAY", pa.types.is_binary: "DELTA_LENGTH_BYTE_ARRAY"}
        writer["column_encoding"] = {field.name: encoding for field in table.schema for test, encoding in fits.items() if test(field.type)}
    pq.write_table(table, path, **writer)
    return expected(pq.read_table(path))


for line in sys.stdin:
    try:
        told = answer(*json.loads(line))
    except Exception:
        told = {"error": traceback.format_exc()}
    print(json.dumps(told), flush=True)
