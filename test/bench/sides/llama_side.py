# llama.cpp by llama-cpp-python: one side of the decode bench. Reads lines of JSON, {"call": "generate", "batch": index,
# "maxTokens": count}, and answers each with the ids that it takes greedily, end tokens or not, and with its time.
import json
import resource
import sys
import time

import llama_cpp
import numpy as np

path, threads, batches = sys.argv[1], int(sys.argv[2]), json.load(open(sys.argv[3]))["batches"]
model = llama_cpp.Llama(path, n_ctx=2048, n_batch=2048, n_threads=threads, n_threads_batch=threads, verbose=False)
vocabulary = model.n_vocab()


def processor_time():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return 1000 * (used.ru_utime + used.ru_stime)


def generate(text, count):
    model.reset()
    model.eval(text)
    ids = []
    while True:
        logits = np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(model.ctx, -1), (vocabulary,))
        ids.append(int(np.argmax(logits)))
        if len(ids) == count:
            return ids
        model.eval(ids[-1:])


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
