"""Loads an adapter folder with PEFT on a T5 folder and prints the logits of a batch."""
import json, sys
import torch
from peft import PeftModel
from transformers import T5ForConditionalGeneration

backbone, adapter, batch_file = sys.argv[1:]
batch = json.load(open(batch_file))
model = PeftModel.from_pretrained(T5ForConditionalGeneration.from_pretrained(backbone, dtype=torch.float32), adapter).eval()
with torch.no_grad():
    logits = model(input_ids=torch.tensor(batch["input_ids"]), attention_mask=torch.tensor(batch["attention_mask"]), labels=torch.tensor(batch["labels"])).logits
print(json.dumps({"dims": list(logits.shape), "data": logits.flatten().tolist()}))
