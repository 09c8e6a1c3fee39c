# llama.cpp by llama-cpp-python: one side of the decode bench (decode_lines.py). End tokens are taken as any others.
import json
import sys

import llama_cpp
import numpy as np
from decode_lines import answer

path, threads, batches = sys.argv[1], int(sys.argv[2]), json.load(open(sys.argv[3]))["batches"]
model = llama_cpp.Llama(path, n_ctx=2048, n_batch=2048, n_threads=threads, n_threads_batch=threads, verbose=False)
vocabulary = model.n_vocab()


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


answer(batches, generate)
