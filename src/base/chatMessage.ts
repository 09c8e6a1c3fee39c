/** A turn of a conversation: its role, its text, and whatever else its row says of it, such as tool calls. */
export type ChatMessage = Readonly<{ role: string; content: string; [key: string]: unknown }>;
