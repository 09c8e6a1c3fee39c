"""For each line it reads, a JSON array of a model's folder, an adapter's and a row (text, target): the gradients of the target's mean loss by the
adapter's tensors, as PEFT computes them without dropout, by the names that the adapter's file has, as a line of JSON. What goes wrong is a line too."""
import json, sys, traceback
import torch
from peft import PeftModel
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, logging


def answer(folder, adapter, row):
    text, target = json.loads(row)
    both = AutoConfig.from_pretrained(folder).is_encoder_decoder
    base = (AutoModelForSeq2SeqLM if both else AutoModelForCausalLM).from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    model = PeftModel.from_pretrained(base, adapter, is_trainable=True).eval()
    ids = torch.tensor([text if both else text + target])
    labels = torch.tensor([target if both else [-100] * len(text) + target])
    loss = model(input_ids=ids, attention_mask=torch.ones_like(ids), labels=labels).loss
    loss.backward()
    name = lambda each: each.replace("base_model.model.", "").replace("magnitude_vector.default.weight", "magnitude_vector").replace(".default", "")
    return {"loss": loss.item(), "gradients": {name(key): p.grad.flatten().tolist() for key, p in model.named_parameters() if p.requires_grad}}


torch.set_num_threads(1)
logging.disable_progress_bar()
logging.set_verbosity_error()
for line in sys.stdin:
    try:
        told = answer(*json.loads(line))
    except Exception:
        told = {"error": traceback.format_exc()}
    print(json.dumps(told), flush=True)
