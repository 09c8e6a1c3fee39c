import type { ChatMessage } from "../../base/chatMessage.ts";
import type { ChatTemplate } from "../../backbone/tokenizer/chatTemplate.ts";
import type { TextTokenizer } from "../../backbone/tokenizer/tokenizer.ts";
import { withSystem, type Conversation } from "../../task/chat/conversation.ts";
import type { Example } from "../../task/example.ts";
import { conversationTokens, type AnswerEnds } from "./conversationTokens.ts";
import type { Joined, JoinedForm } from "./joinedEncoder.ts";

/** What writes conversations. */
export interface ChatWriter {
  template: ChatTemplate;
  /** The template of conversations with tools. */
  withTools: ChatTemplate;
  /** The system turn of those that have none. */
  system: string | undefined;
}

/** A solved example as turns; of a conversation, its own turns without a system turn. */
const solved = ({ source, target, chat }: Example): readonly ChatMessage[] =>
  chat?.messages.filter(({ role }) => role !== "system") ?? [
    { role: "user", content: source },
    { role: "assistant", content: target },
  ];

/** Puts turns after the system turn, if there is one, and before the others. */
function between(messages: readonly ChatMessage[], earlier: readonly ChatMessage[]): readonly ChatMessage[] {
  const opening = messages[0]?.role === "system" ? 1 : 0;
  return [...messages.slice(0, opening), ...earlier, ...messages.slice(opening)];
}

/** The tokens of the last user turn's text within a rendered text; none where the template changed that text. */
async function spanOf(
  tokenizer: TextTokenizer,
  text: string,
  messages: readonly ChatMessage[],
): ReturnType<Joined["cuttable"]> {
  const asked = messages.findLast(({ role }) => role === "user")?.content.trim() ?? "";
  const from = text.lastIndexOf(asked);
  const none = { span: [0, 0], lead: 1 } as const;
  if (asked === "" || from < 0) return none;
  const { offsets } = await tokenizer.encode(text, { addSpecial: false });
  const first = offsets.findIndex(([start]) => start >= from);
  const last = offsets.findLastIndex(([, end]) => end <= from + asked.length);
  return first < 0 ? none : { span: [first, Math.max(first, last + 1)], lead: 1 };
}

/**
 * The chat form: a conversation as the model's chat template writes it. An example of text is one user turn, its answer
 * the tokens after the generation prompt: the answer's own, and the end token. Of a conversation the answers are found
 * in its text, since a template may write more than an answer's text.
 */
export function chatForm(tokenizer: TextTokenizer, ends: AnswerEnds, writer: ChatWriter): JoinedForm {
  const opened = (messages: readonly ChatMessage[]): readonly ChatMessage[] =>
    writer.system === undefined ? messages : withSystem(messages, writer.system);

  const answer = async (text: string): Promise<number[]> => [
    ...(await tokenizer.encodeIds(text, { addSpecial: false })),
    ends.own,
  ];

  const joinText = async (example: Example, shots: readonly Example[]): Promise<Joined> => {
    const messages = between(opened([{ role: "user", content: example.source }]), shots.flatMap(solved));
    const text = writer.template.render(messages, { addGenerationPrompt: true });
    return {
      ids: await tokenizer.encodeIds(text, { addSpecial: false }),
      answer: await answer(example.target),
      trained: () => true,
      cuttable: () => spanOf(tokenizer, text, messages),
    };
  };

  const joinChat = async (chat: Conversation, shots: readonly Example[]): Promise<Joined> => {
    const messages = between(opened(chat.messages), shots.flatMap(solved));
    const before = messages.length - chat.messages.length;
    const own = messages.flatMap(({ role }, at) => (role === "assistant" && at >= before ? [at] : []));
    const trained = chat.trainOn === "all" ? own : own.slice(-1);
    const { tools } = chat;
    const template = tools === undefined ? writer.template : writer.withTools;
    const render = (turns: number, addGenerationPrompt: boolean): string =>
      template.render(messages.slice(0, turns), { addGenerationPrompt, tools, place: chat.place });
    const { ids, answers } = await conversationTokens(
      { messages, trained, render, place: { row: chat.place, before } },
      tokenizer,
      ends,
    );
    const start = answers[0]!.from;
    const opening = messages.slice(0, trained[0]);
    return {
      ids: ids.slice(0, start),
      answer: ids.slice(start),
      trained: (at) => answers.some(({ from, to }) => at + start >= from && at + start < to),
      cuttable: () => spanOf(tokenizer, render(opening.length, true), opening),
    };
  };

  return {
    answer,
    join: (example, shots) => (example.chat === undefined ? joinText(example, shots) : joinChat(example.chat, shots)),
  };
}
