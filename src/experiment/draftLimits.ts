/** Limits of a draft: characters of its name, training steps. */
export const DRAFT_LIMITS = { name: 200, steps: 10_000_000 };
/** The longest answer in tokens, by the kind of task: that of a conversation is a text. */
export const answerLength = (kind: string): number => (kind === "chat" ? 256 : 20);
export type DraftLimits = Readonly<typeof DRAFT_LIMITS>;
