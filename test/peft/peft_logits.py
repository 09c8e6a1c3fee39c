"""Loads an adapter folder with PEFT on a T5 folder, or makes one of random values first, and prints the logits of a batch.
With "-" for the adapter, the T5 folder is a folded one: it is loaded alone, its README's lines run where it has them."""
import json, os, re, sys
import torch
from peft import IA3Config, LoraConfig, PeftModel, PromptTuningConfig, get_peft_model
from transformers import T5ForConditionalGeneration

backbone, adapter, batch_file, *make = sys.argv[1:]
batch = json.load(open(batch_file))
ids, mask, labels = (torch.tensor(batch[key]) for key in ("input_ids", "attention_mask", "labels"))
if adapter == "-":
    os.chdir(backbone)
    if os.path.exists("README.md"):
        exec(re.search(r"```python\n(.*?)```", open("README.md").read(), re.S).group(1))
        inputs = encoder_input(ids, mask)
    else:
        model, inputs = T5ForConditionalGeneration.from_pretrained("."), {"input_ids": ids, "attention_mask": mask}
    with torch.no_grad():
        logits = model.eval()(**inputs, labels=labels).logits
    print(json.dumps({"dims": list(logits.shape), "data": logits.flatten().tolist()}))
    sys.exit()
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
    logits = model(input_ids=ids, attention_mask=mask, labels=labels).logits
print(json.dumps({"dims": list(logits.shape), "data": logits.flatten().tolist()}))
