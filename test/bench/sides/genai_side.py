# onnxruntime-genai: one side of the decode bench. Reads lines of JSON, {"call": "generate", "batch": index, "maxTokens":
# count}, and answers each with the ids that it takes greedily, end tokens or not, and with its time.
import json
import resource
import sys
import time

import numpy as np
import onnxruntime_genai as genai

path, threads, batches = sys.argv[1], int(sys.argv[2]), json.load(open(sys.argv[3]))["batches"]
config = genai.Config(path)
config.overlay(json.dumps({"model": {"decoder": {"session_options": {"intra_op_num_threads": threads}}}}))
# It would end at an end token, which the other side takes as any other: the last id of the vocabulary takes its place.
described = json.load(open(f"{path}/genai_config.json"))
config.overlay(json.dumps({"model": {"eos_token_id": described["model"]["vocab_size"] - 1}}))
model = genai.Model(config)


def processor_time():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return 1000 * (used.ru_utime + used.ru_stime)


def generate(text, count):
    params = genai.GeneratorParams(model)
    params.set_search_options(max_length=len(text) + count, do_sample=False)
    generator = genai.Generator(model, params)
    generator.append_tokens(np.array([text], dtype=np.int32))
    ids = []
    while len(ids) < count:
        generator.generate_next_token()
        ids.append(int(generator.get_next_tokens()[0]))
    return ids


def rows(batch):
    width = len(batch["ids"]) // batch["rows"]
    for row in range(batch["rows"]):
        kept = int(sum(batch["mask"][row * width : (row + 1) * width]))
        yield batch["ids"][row * width : row * width + kept]


for line in sys.stdin:
    asked = json.loads(line)
    processor, began = processor_time(), time.perf_counter()
    ids = [generate(text, asked["maxTokens"]) for text in rows(batches[asked["batch"]])]
    milliseconds, processor = 1000 * (time.perf_counter() - began), processor_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {"milliseconds": milliseconds, "processor": processor, "ids": ids, "megabytes": peak, "resident": peak}
    print(json.dumps(found), flush=True)
