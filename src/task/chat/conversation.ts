import type { ChatMessage } from "../../base/chatMessage.ts";

/** A conversation that ends with an answer of the assistant. */
export interface Conversation {
  messages: readonly ChatMessage[];
  /** Descriptions of the tools that the model may call, as the row has them. */
  tools?: readonly unknown[] | undefined;
  /** Which answers are trained: all, or the last. */
  trainOn: "all" | "last";
  /** The file and line, for messages. */
  place: string;
}

/** The turns before the last answer as text that a person reads: a single question alone, several turns with roles. */
export function promptText(messages: readonly ChatMessage[]): string {
  const before = messages.slice(0, -1);
  return before.length === 1
    ? before[0]!.content
    : before.map(({ role, content }) => `${role}: ${content}`).join("\n\n");
}

/** Turns with a system turn before them, unless they have one. */
export const withSystem = (messages: readonly ChatMessage[], system: string): readonly ChatMessage[] =>
  messages[0]?.role === "system" ? messages : [{ role: "system", content: system }, ...messages];
