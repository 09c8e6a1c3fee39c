# What the Python sides of the decode bench share: they read lines of JSON, {"call": "generate", "batch": index,
# "maxTokens": count}, and answer each with the ids that they take greedily and with their time.
import json
import resource
import sys
import time


def processor_time():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return 1000 * (used.ru_utime + used.ru_stime)


def rows(batch):
    width = len(batch["ids"]) // batch["rows"]
    for row in range(batch["rows"]):
        kept = int(sum(batch["mask"][row * width : (row + 1) * width]))
        yield batch["ids"][row * width : row * width + kept]


def answer(batches, generate):
    for line in sys.stdin:
        asked = json.loads(line)
        processor, began = processor_time(), time.perf_counter()
        ids = [generate(text, asked["maxTokens"]) for text in rows(batches[asked["batch"]])]
        milliseconds, processor = 1000 * (time.perf_counter() - began), processor_time() - processor
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        found = {"milliseconds": milliseconds, "processor": processor, "ids": ids, "megabytes": peak, "resident": peak}
        print(json.dumps(found), flush=True)
