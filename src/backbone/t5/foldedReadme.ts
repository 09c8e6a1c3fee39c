import type { FoldedParts } from "../family.ts";

/** README of a folder with a folded T5, with the lines of Python that use it. @param modelClass of transformers */
export const foldedReadme =
  (modelClass: string) =>
  ({ inputFile = "" }: FoldedParts): string => `# A folded model

\`model.safetensors\`, \`config.json\` and the tokenizer are those of a plain ${modelClass}. \`${inputFile}\` holds what goes before
the encoder, which such a model cannot hold itself, since it shares its embedding with the decoder:

\`\`\`python
import torch
from safetensors.torch import load_file
from transformers import ${modelClass}

model, folded = ${modelClass}.from_pretrained("."), load_file("${inputFile}")

def encoder_input(ids, mask):
    x = torch.nn.functional.embedding(ids, folded.get("embedding", model.shared.weight))
    if "positions" in folded:
        x = x + folded["positions"][: ids.shape[1]]
    if "prompt" in folded:
        prompt = folded["prompt"].expand(len(ids), -1, -1)
        x, mask = torch.cat([prompt, x], 1), torch.cat([torch.ones(prompt.shape[:2], dtype=mask.dtype), mask], 1)
    return {"inputs_embeds": x, "attention_mask": mask}

# model.generate(**encoder_input(ids, mask)), or model(**encoder_input(ids, mask), labels=labels)
\`\`\`
`;
