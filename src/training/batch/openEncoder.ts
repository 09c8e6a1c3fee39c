import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { chatTemplateOf } from "../../backbone/tokenizer/chatTemplate.ts";
import type { TextTokenizer } from "../../backbone/tokenizer/tokenizer.ts";
import { readTokenizerConfig } from "../../backbone/tokenizer/tokenizerConfig.ts";
import { promptForm, type ReadAs } from "../../experiment/checkPrompt.ts";
import { chatForm } from "./chatForm.ts";
import type { ExampleEncoder, Lengths } from "./exampleEncoder.ts";
import { endsOf, joinedEncoder } from "./joinedEncoder.ts";
import { pairEncoder } from "./pairEncoder.ts";
import { plainForm } from "./plainForm.ts";

/** A backbone, as far as its encoder depends on it. */
export interface ReadingBackbone {
  folder: string;
  isCausal: boolean;
  tokenizer: TextTokenizer;
}

/** @throws UserError where an experiment asks a backbone that reads text and answer apart for a form of one sequence */
function refuseForms({ task, prompt }: ReadAs): void {
  const action = phrase`Take a decoder-only model as backbone, or a task of kind "file" without "prompt".`;
  if (task.kind === "chat")
    throw new UserError(
      "chat-needs-causal-backbone",
      phrase`task.kind: "chat" needs a decoder-only model; this backbone reads text and answer apart`,
      action,
    ).about(["task", "kind"]);
  const key = (["template", "system", "shots"] as const).find((each) => Boolean(prompt?.[each]));
  if (prompt?.form === "chat" || key !== undefined)
    throw new UserError(
      "prompt-needs-causal-backbone",
      phrase`prompt.${key ?? "form"}: it needs a decoder-only model; this backbone reads text and answer apart`,
      action,
    ).about(["prompt", key ?? "form"]);
}

/** @throws UserError where keys of the chat form stand beside the plain form, which would not read them */
function refuseChatKeys({ prompt }: ReadAs): void {
  const key = (["template", "system"] as const).find((each) => prompt?.[each] !== undefined);
  if (key !== undefined)
    throw new UserError(
      "prompt-key-of-chat-form",
      phrase`prompt.${key}: it belongs to the chat form, and the form is "plain"`,
      phrase`Set prompt.form to "chat", or leave prompt.${key} out.`,
    ).about(["prompt", key]);
}

/**
 * Checks, without opening the tokenizer, that a backbone can read examples in the form that an experiment asks for.
 * @throws UserError where it cannot: an encoder-decoder asked for chat, a tokenizer without a chat template
 */
export function checkForm({ folder, isCausal }: Omit<ReadingBackbone, "tokenizer">, experiment: ReadAs): void {
  if (!isCausal) refuseForms(experiment);
  else if (promptForm(experiment) === "plain") refuseChatKeys(experiment);
  else chatTemplateOf(folder, readTokenizerConfig(folder), experiment.prompt?.template);
}

/**
 * The encoder of a backbone for an experiment.
 * @throws UserError as `checkForm`, and where no file of the backbone names an end token
 */
export function openEncoder(
  { folder, isCausal, tokenizer }: ReadingBackbone,
  experiment: ReadAs,
  lengths: Lengths,
): ExampleEncoder {
  const { task, prompt } = experiment;
  if (!isCausal) {
    refuseForms(experiment);
    return pairEncoder(tokenizer, lengths);
  }
  const ends = endsOf(folder, tokenizer);
  if (promptForm(experiment) === "plain") {
    refuseChatKeys(experiment);
    return joinedEncoder(plainForm(tokenizer, ends), tokenizer, lengths);
  }
  const written = chatTemplateOf(folder, readTokenizerConfig(folder), prompt?.template);
  const system = prompt?.system ?? task.system;
  return joinedEncoder(chatForm(tokenizer, ends, { ...written, system }), tokenizer, lengths);
}
