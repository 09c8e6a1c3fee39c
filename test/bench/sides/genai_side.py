# onnxruntime-genai: one side of the decode bench (decode_lines.py). End tokens are taken as any others.
import json
import sys

import numpy as np
import onnxruntime_genai as genai
from decode_lines import answer

path, threads, batches = sys.argv[1], int(sys.argv[2]), json.load(open(sys.argv[3]))["batches"]
config = genai.Config(path)
config.overlay(json.dumps({"model": {"decoder": {"session_options": {"intra_op_num_threads": threads}}}}))
# It would end at an end token, which the other side takes as any other: the last id of the vocabulary takes its place.
described = json.load(open(f"{path}/genai_config.json"))
config.overlay(json.dumps({"model": {"eos_token_id": described["model"]["vocab_size"] - 1}}))
model = genai.Model(config)


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


answer(batches, generate)
