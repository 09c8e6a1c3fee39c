import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import type { ChatMessage } from "../../base/chatMessage.ts";

/** The roles that may follow a role; "" is the beginning. */
const AFTER: Readonly<Record<string, readonly string[]>> = {
  "": ["system", "user"],
  system: ["user"],
  user: ["assistant"],
  assistant: ["user", "tool"],
  tool: ["tool", "assistant"],
};

const isEmpty = ({ content, tool_calls: calls }: ChatMessage): boolean =>
  content.trim() === "" && !(Array.isArray(calls) && calls.length > 0);

/**
 * Checks the turns of a conversation, and ends it with its last answer.
 * @param place file and line
 * @throws UserError naming the place and the turn: an empty turn, no answer, or turns in an odd order
 */
export function checkedTurns(messages: readonly ChatMessage[], place: string): readonly ChatMessage[] {
  const last = messages.findLastIndex(({ role }) => role === "assistant");
  if (last < 0)
    throw new UserError(
      "chat-without-answer",
      phrase`${place}: the conversation has no turn of the assistant`,
      phrase`Add the answer to train on, or remove the row.`,
    );
  const kept = messages.slice(0, last + 1);
  kept.forEach((message, at) => {
    const before = kept[at - 1]?.role ?? "";
    const { role } = message;
    if (!AFTER[before]!.includes(role))
      throw new UserError(
        "chat-turns-out-of-order",
        phrase`${place}: ${
          before === ""
            ? phrase`the conversation begins with a turn of role "${role}"`
            : phrase`turn ${at + 1} has the role "${role}" after a turn of role "${before}"`
        }`,
        phrase`A conversation is a system turn (or none), then user and assistant in turn, with tool turns after a call; join turns of one role, or remove the row.`,
      );
    if (isEmpty(message))
      throw new UserError(
        "chat-turn-empty",
        phrase`${place}: turn ${at + 1}, of role "${role}", is empty`,
        phrase`Write its text, or remove the row.`,
      );
  });
  return kept;
}
