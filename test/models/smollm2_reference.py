"""What transformers and PyTorch make of texts with the model in a folder:

    smollm2_reference.py FOLDER < ASKED > ANSWER

ASKED is JSON: `texts`; `examples`, each a text and its answer; `prompts`; `newTokens`. ANSWER has the ids of each text; of each example the ids of text and
answer and the mean loss of the answer's tokens, its end included; of each prompt greedy tokens with their margins over the second."""
import json, os, sys
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache, logging


def loss_of(model, text, answer):
    logits = model(torch.tensor([text + answer])).logits[0, len(text) - 1 : -1]
    return torch.nn.functional.cross_entropy(logits, torch.tensor(answer)).item()


def greedy(model, text, count):
    tokens, margins, cache, read = [], [], DynamicCache(config=model.config), text
    while len(tokens) < count and tokens[-1:] != [model.config.eos_token_id]:
        best = model(torch.tensor([read]), past_key_values=cache, use_cache=True, logits_to_keep=1).logits[0, -1].topk(2)
        tokens.append(best.indices[0].item())
        margins.append((best.values[0] - best.values[1]).item())
        read = tokens[-1:]
    return {"tokens": tokens, "margins": margins}


@torch.no_grad()
def main(folder):
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(int(os.environ.get("ADEPT_TORCH_THREADS", os.cpu_count())))
    asked = json.load(sys.stdin)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    ids = lambda text: tokenizer(text)["input_ids"]
    examples = [{"text": ids(each["text"]), "answer": ids(" " + each["answer"]) + [tokenizer.eos_token_id]} for each in asked["examples"]]
    answer = {
        "texts": [ids(text) for text in asked["texts"]],
        "examples": [{**each, "loss": loss_of(model, each["text"], each["answer"])} for each in examples],
        "prompts": [{"ids": ids(prompt), **greedy(model, ids(prompt), asked["newTokens"])} for prompt in asked["prompts"]],
    }
    json.dump(answer, sys.stdout)


main(*sys.argv[1:])
