"""Loads an adapter folder with PEFT on a T5 folder, or makes one of random values first, and prints the logits of a batch."""
import json, sys
import torch
from peft import IA3Config, LoraConfig, PeftModel, PromptTuningConfig, get_peft_model
from transformers import T5ForConditionalGeneration

backbone, adapter, batch_file, *make = sys.argv[1:]
batch = json.load(open(batch_file))
base = T5ForConditionalGeneration.from_pretrained(backbone, dtype=torch.float32)
if make:
    torch.manual_seed(5)
    options = json.loads(make[0])
    kind = {"PROMPT_TUNING": PromptTuningConfig, "LORA": LoraConfig, "IA3": IA3Config}[options.pop("peft_type")]
    made = get_peft_model(base, kind(task_type="SEQ_2_SEQ_LM", **options))
    with torch.no_grad():
        for parameter in made.parameters():
            if parameter.requires_grad:
                parameter.add_(0.3 * torch.randn_like(parameter))
    made.save_pretrained(adapter)
    base = T5ForConditionalGeneration.from_pretrained(backbone, dtype=torch.float32)
model = PeftModel.from_pretrained(base, adapter).eval()
with torch.no_grad():
    logits = model(input_ids=torch.tensor(batch["input_ids"]), attention_mask=torch.tensor(batch["attention_mask"]), labels=torch.tensor(batch["labels"])).logits
print(json.dumps({"dims": list(logits.shape), "data": logits.flatten().tolist()}))
