"""For each line it reads, a JSON array of arguments: loads an adapter folder with PEFT on a T5 folder, or makes one of random values first, and
prints the logits of a batch as a line of JSON. With "-" for the adapter, the T5 folder is a folded one: it is loaded alone, its README's lines
run where it has them. What goes wrong is a line of JSON too: one process answers for a whole file of tests."""
import json, os, re, sys, traceback
import torch
from peft import IA3Config, LoraConfig, PeftModel, PromptTuningConfig, get_peft_model
from transformers import T5ForConditionalGeneration


def logits_of_folded(folder, batch):
    os.chdir(folder)
    if os.path.exists("README.md"):
        names = {}
        exec(re.search(r"```python\n(.*?)```", open("README.md").read(), re.S).group(1), names)
        model, inputs = names["model"], names["encoder_input"](batch["input_ids"], batch["attention_mask"])
    else:
        model, inputs = T5ForConditionalGeneration.from_pretrained("."), {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"]}
    with torch.no_grad():
        return model.eval()(**inputs, labels=batch["labels"]).logits


def make_adapter(base, adapter, options):
    torch.manual_seed(5)
    kind = {"PROMPT_TUNING": PromptTuningConfig, "LORA": LoraConfig, "IA3": IA3Config}[options.pop("peft_type")]
    start = options.pop("converted", False) and adapter + "-start"
    made = get_peft_model(base, kind(task_type="SEQ_2_SEQ_LM", **options))
    if start:
        made.peft_config["default"].init_lora_weights = True
        made.save_pretrained(start)
        made.peft_config["default"].init_lora_weights = options["init_lora_weights"]
    with torch.no_grad():
        for parameter in made.parameters():
            if parameter.requires_grad:
                parameter.add_(0.3 * torch.randn_like(parameter))
    # Otherwise PEFT saves the whole output layer beside its update.
    made.save_pretrained(adapter, save_embedding_layers=False, path_initial_model_for_weight_conversion=start or None)


def logits_of(backbone, adapter, batch_file, *make):
    batch = {key: torch.tensor(value) for key, value in json.load(open(batch_file)).items()}
    if adapter == "-":
        return logits_of_folded(backbone, batch)
    load = lambda: T5ForConditionalGeneration.from_pretrained(backbone, dtype=torch.float32)
    if make:
        make_adapter(load(), adapter, json.loads(make[0]))
    model = PeftModel.from_pretrained(load(), adapter).eval()
    with torch.no_grad():
        return model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], labels=batch["labels"]).logits


for line in sys.stdin:
    try:
        logits = logits_of(*json.loads(line))
        answer = {"dims": list(logits.shape), "data": logits.flatten().tolist()}
    except Exception:
        answer = {"error": traceback.format_exc()}
    print(json.dumps(answer), flush=True)
