import type { FoldedParts } from "../family.ts";

const promptLine = (folder: string): string => `model = PeftModel.from_pretrained(model, "${folder}")\n`;

const promptText = (folder: string): string =>
  ` \`${folder}\` holds the prompt that goes before every text, as PEFT's adapter of prompt tuning: PEFT puts it before
padding too, so give it one text at a time, or texts of one length.`;

/**
 * The README of a folder with a folded causal model, with the lines of Python that use it.
 * @param modelClass the class of transformers that loads it, such as LlamaForCausalLM
 */
export const causalFoldedReadme =
  (modelClass: string) =>
  ({ promptFolder }: FoldedParts): string => `# A folded model

\`model.safetensors\`, \`config.json\` and the tokenizer are those of a plain ${modelClass}. Its input embedding has the
offset of each token. Its output layer has none: \`tie_word_embeddings\` is false in \`config.json\` if the two would
otherwise be one table.${promptFolder === undefined ? "" : promptText(promptFolder)}

\`\`\`python
${promptFolder === undefined ? "" : "from peft import PeftModel\n"}from transformers import ${modelClass}

model = ${modelClass}.from_pretrained(".")
${promptFolder === undefined ? "" : promptLine(promptFolder)}
# model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=20), or model(input_ids=ids, labels=labels)
\`\`\`

These lines need transformers 5 or later.
`;
