"""For each line it reads, a JSON array of arguments: loads an adapter folder with PEFT on the folder of a decoder-only model, or makes one of random
values first; for each row (text, target) of a file it prints the logits that predict the target, and the tokens that greedy decoding appends to the
text with the margin of each over the second, as a line of JSON. Rows are read one at a time. With "-" for the adapter, the folder is a folded one: it
is loaded alone, by its README's lines where it has them. What goes wrong is a line of JSON too: one process answers for a whole file of tests."""
import json, os, re, sys, traceback
import torch
from peft import IA3Config, LoraConfig, PeftModel, PromptTuningConfig, get_peft_model
from peft.utils.constants import TRANSFORMERS_MODELS_TO_IA3_TARGET_MODULES_MAPPING, TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING
from transformers import AutoModelForCausalLM, logging

NEW_TOKENS = 8
DEFAULTS = {"LORA": TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING, "IA3": TRANSFORMERS_MODELS_TO_IA3_TARGET_MODULES_MAPPING}


def load(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")


def folded(folder):
    os.chdir(folder)
    if not os.path.exists("README.md"):
        return load(".")
    names = {}
    exec(re.search(r"```python\n(.*?)```", open("README.md").read(), re.S).group(1), names)
    names["model"].set_attn_implementation("eager")
    return names["model"]


def make_adapter(base, adapter, options):
    torch.manual_seed(5)
    method, without_defaults = options.pop("peft_type"), options.pop("without_defaults", {})
    kind = {"PROMPT_TUNING": PromptTuningConfig, "LORA": LoraConfig, "IA3": IA3Config}[method]
    if base.config.model_type not in DEFAULTS.get(method, {}):
        options |= without_defaults
    made = get_peft_model(base, kind(task_type="CAUSAL_LM", **options))
    with torch.no_grad():
        for parameter in made.parameters():
            if parameter.requires_grad:
                parameter.add_(0.3 * torch.randn_like(parameter))
    # Otherwise PEFT saves the whole output layer beside its update.
    made.save_pretrained(adapter, save_embedding_layers=False)


def answers(model, rows):
    for text, target in rows:
        ids = torch.tensor([text + target])
        logits = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0, -len(target) - 1 : -1]
        prompt = torch.tensor([text])
        made = model.generate(
            input_ids=prompt,
            attention_mask=torch.ones_like(prompt),
            max_new_tokens=NEW_TOKENS,
            do_sample=False,
            return_dict_in_generate=True,
            output_logits=True,
        )
        best = [step[0].topk(2).values for step in made.logits]
        tokens = made.sequences[0, -len(made.logits) :].tolist()
        yield {"logits": logits.flatten().tolist(), "tokens": tokens, "margins": [(first - second).item() for first, second in best]}


def answer(backbone, adapter, rows_file, *make):
    rows = json.load(open(rows_file))
    if adapter == "-":
        model = folded(backbone)
    else:
        if make:
            make_adapter(load(backbone), adapter, json.loads(make[0]))
        model = PeftModel.from_pretrained(load(backbone), adapter)
    with torch.no_grad():
        return {"rows": list(answers(model.eval(), rows))}


torch.set_num_threads(1)
logging.disable_progress_bar()
logging.set_verbosity_error()
for line in sys.stdin:
    try:
        told = answer(*json.loads(line))
    except Exception:
        told = {"error": traceback.format_exc()}
    print(json.dumps(told), flush=True)
