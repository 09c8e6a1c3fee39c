import { UserError } from "../../base/errors.ts";
import type { ChatMessage } from "../../base/chatMessage.ts";
import { chatTemplateOf, type ChatTemplate } from "../../backbone/tokenizer/chatTemplate.ts";
import { readTokenizerConfig } from "../../backbone/tokenizer/tokenizerConfig.ts";
import { promptForm } from "../../experiment/checkPrompt.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import type { RowReading, TurnSurroundings } from "../../experiment/templateParts.ts";
import { withSystem } from "../../task/chat/conversation.ts";
import { ANSWER_COLUMNS, CONVERSATIONS, QUESTION_COLUMNS, ROLES } from "../../task/chat/rowTurns.ts";
import { rowReadingOf } from "../../task/rowReading.ts";

/** A text that no template contains. */
const MARK = "\u2603heatmap\u2603";
const NOTHING: TurnSurroundings = { before: "", after: "" };

const turn = (role: string, content = "a"): ChatMessage => ({ role, content });
/** A conversation with a turn of each role within it. */
const WITHIN: Readonly<Record<string, readonly ChatMessage[]>> = {
  system: [turn("system", MARK), turn("user"), turn("assistant")],
  user: [turn("user"), turn("assistant"), turn("user", MARK), turn("assistant")],
  assistant: [turn("user"), turn("assistant", MARK), turn("user"), turn("assistant")],
  tool: [turn("user"), turn("assistant"), turn("tool", MARK), turn("assistant")],
};

/**
 * What a template writes before and after the mark; undefined where it refuses the conversation, or changes the mark.
 */
function around(
  template: ChatTemplate,
  messages: readonly ChatMessage[],
  addGenerationPrompt = false,
): TurnSurroundings | undefined {
  try {
    const [before, after, ...more] = template.render(messages, { addGenerationPrompt }).split(MARK);
    return before === undefined || after === undefined || more.length > 0 ? undefined : { before, after };
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** Whether a template leaves out white space at the ends of a turn. */
function trimsTurns(template: ChatTemplate): boolean {
  const found = around(template, [turn("user", ` ${MARK} `), turn("assistant")]);
  return found !== undefined && !(found.before.endsWith(" ") && found.after.startsWith(" "));
}

/**
 * How a run reads a row of data, for showing: as its task, within the model's chat template where the run's prompt has
 * that form.
 * @throws UserError where the folder has no chat template
 */
export function promptReading(experiment: Experiment, folder: string, isCausal: boolean): RowReading {
  const { task, prompt } = experiment;
  const own = rowReadingOf(task);
  const isChat = isCausal && promptForm(experiment) === "chat";
  const template = isChat ? chatTemplateOf(folder, readTokenizerConfig(folder), prompt?.template).template : undefined;
  if (task.kind === "chat") {
    const of = (role: string): TurnSurroundings => (template && around(template, WITHIN[role] ?? [])) ?? NOTHING;
    return {
      turns: {
        roles: Object.fromEntries(Object.entries(ROLES).map(([name, role]) => [name, of(role)])),
        lists: CONVERSATIONS,
        columns: Object.fromEntries<string>([
          ...QUESTION_COLUMNS.map((name): [string, string] => [name, "user"]),
          ...ANSWER_COLUMNS.map((name): [string, string] => [name, "assistant"]),
        ]),
        trims: template !== undefined && trimsTurns(template),
      },
    };
  }
  if (template === undefined || own.reading === undefined) return own;
  const messages = [turn("user", MARK)];
  const { before, after } =
    around(template, prompt?.system === undefined ? messages : withSystem(messages, prompt.system), true) ?? NOTHING;
  return { ...own, reading: [{ literal: before }, ...own.reading, { literal: after }] };
}
