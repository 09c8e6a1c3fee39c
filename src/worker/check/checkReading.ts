import { backboneFolder } from "../../backbone/backboneFolder.ts";
import type { BackboneLayout } from "../../backbone/layout.ts";
import { chatTemplateOf } from "../../backbone/tokenizer/chatTemplate.ts";
import { readTokenizerConfig } from "../../backbone/tokenizer/tokenizerConfig.ts";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { explained } from "../../base/text/explain.ts";
import { promptForm } from "../../experiment/checkPrompt.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { withSystem } from "../../task/chat/conversation.ts";
import { checkForm } from "../../training/batch/openEncoder.ts";
import type { Locate } from "./checkData.ts";
import type { ExperimentText, Fix } from "./experimentText.ts";
import type { KnownFields } from "./knownFields.ts";

/** Where problems are told, and what is known of the data. */
export interface ReadingCheck {
  at: Locate;
  known: KnownFields;
}

/**
 * Checks that the backbone can read the task's examples in the form that is asked for: that it has a tokenizer and such
 * a form, and that its chat template takes the first conversations.
 */
export async function checkReading(
  text: ExperimentText,
  experiment: Experiment,
  { isCausal, vocabulary }: Pick<BackboneLayout, "isCausal" | "vocabulary">,
  { at, known }: ReadingCheck,
): Promise<void> {
  const folder = backboneFolder(experiment.backbone);
  const unread = await known.tokenizerError(folder, vocabulary);
  if (unread !== undefined) {
    text.tell(at(["backbone"]), { code: "bad-backbone", message: explained(unread.phrase, unread.actionPhrase) });
    return;
  }
  try {
    checkForm({ folder, isCausal }, experiment);
    if (isCausal && promptForm(experiment) === "chat") await renderFirst(folder, experiment, known);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const own = experiment.prompt?.template === undefined ? ["task", "kind"] : ["prompt", "template"];
    const keys = at(error.keys?.map(String) ?? own);
    const message = explained(error.bare, error.actionPhrase);
    const elsewhere = explained(error.phrase, error.actionPhrase);
    text.tell(keys, { code: "prompt", message, elsewhere, fixes: fixesOf(text, error.code, keys) });
  }
}

/** @throws UserError where the chat template refuses one of the first conversations */
async function renderFirst(folder: string, { task, prompt }: Experiment, known: KnownFields): Promise<void> {
  if (task.kind !== "chat") return;
  const { template, withTools } = chatTemplateOf(folder, readTokenizerConfig(folder), prompt?.template);
  const system = prompt?.system ?? task.system;
  for (const { messages, tools, place } of await known.conversations(task.train)) {
    const turns = system === undefined || system.trim() === "" ? messages : withSystem(messages, system);
    (tools === undefined ? template : withTools).render(turns, { addGenerationPrompt: false, tools, place });
  }
}

function fixesOf(text: ExperimentText, code: string, keys: ReturnType<Locate>): Fix[] {
  if (code === "chat-template-missing") return text.replace(["prompt", "form"], "plain");
  const isStray = code === "prompt-key-of-chat-form" || code === "prompt-needs-causal-backbone";
  if (!isStray) return [];
  return [
    ...(code === "prompt-key-of-chat-form" ? text.replace(["prompt", "form"], "chat", phrase`Read in chat form`) : []),
    ...text.remove(keys),
  ];
}
