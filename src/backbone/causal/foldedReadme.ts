import type { FoldedParts } from "../family.ts";

const promptLine = (folder: string): string => `model = PeftModel.from_pretrained(model, "${folder}")\n`;

const promptText = (folder: string): string =>
  `
\`${folder}\` holds the prompt that goes before every text, as PEFT's adapter of prompt tuning. PEFT puts it before
padding too, so give it one text at a time, or texts of one length.`;

/**
 * The README of a folder with a folded causal model, with the lines of Python that use it.
 * @param modelClass the class of transformers that loads it, such as LlamaForCausalLM
 */
export const causalFoldedReadme =
  (modelClass: string) =>
  ({ promptFolder }: FoldedParts): string => `# A folded model

\`model.safetensors\`, \`config.json\` and the tokenizer are those of a plain ${modelClass}. Offsets of tokens are in the input
embedding alone: an output layer that would be the same table is stored apart, without them, and \`config.json\` says
\`tie_word_embeddings\`: false.${promptFolder === undefined ? "" : promptText(promptFolder)}

\`\`\`python
${promptFolder === undefined ? "" : "from peft import PeftModel\n"}from transformers import ${modelClass}

model = ${modelClass}.from_pretrained(".")
${promptFolder === undefined ? "" : promptLine(promptFolder)}
# model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=20), or model(input_ids=ids, labels=labels)
\`\`\`

These lines need transformers 5 or later.
`;
